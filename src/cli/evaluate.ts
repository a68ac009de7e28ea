import Table from 'cli-table3';
import type { Command } from 'commander';
import { firstPictures } from '../data/pictures.js';
import { EspalierError } from '../errors.js';
import type { EvaluateSummary } from '../experiment/model/evaluate.js';
import { streamedText } from '../study/model/rates.js';
import { grouped, mebibytes, plural } from '../text.js';
import { readStreamedData } from './cifar10.js';
import { openDecoder, streamedRates } from './decoder.js';
import { addDeviceFlags, number } from './flags.js';
import { type HostFlags, withHost } from './host.js';
import {
  addModelFlags,
  choosePreprocessing,
  MODEL_FILES,
  type ModelFlags,
  readModel,
} from './model-flags.js';
import { interruptSignal } from './outcome.js';
import { percent, phaseProgress } from './progress.js';

interface EvaluateFlags extends HostFlags, ModelFlags {
  readonly data: string;
  readonly batch: number;
  readonly pictures?: number;
  readonly json?: true;
}

export function addEvaluate(program: Command, version: string): void {
  const command = addModelFlags(
    program
      .command('evaluate')
      .description('Measures a trained network: accuracy, loss, and milliseconds a picture here.')
      .argument('<model>', MODEL_FILES),
  )
    .requiredOption(
      '--data <source>',
      "cifar10, a folder with CIFAR-10's binary files, a folder of PNG or JPEG pictures in a folder a class, or a .npy of bytes [n, height, width, channels]; where there is a test set, it is measured",
    )
    .option('--pictures <n>', 'the first of them; all by default', number)
    .option('--batch <pictures>', 'at once', number, 100);
  addDeviceFlags(command)
    .option('--json', 'print the summary as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  espalier evaluate net.onnx --data pictures/val --mean imagenet
  espalier evaluate resnet20.th --architecture resnet20 --data cifar-10-batches-bin
  espalier evaluate weights-30.safetensors --data cifar-10-batches-bin --json
  espalier evaluate resnet34.pth --architecture resnet34 --stem imagenet --data pictures/val
  espalier evaluate net.pth --data cifar-10-batches-bin --mean 0.5,0.5,0.5 --std 0.25,0.25,0.25`,
    )
    .action(async (file: string, flags: EvaluateFlags) => {
      const model = await readModel(file, flags);
      const preprocessing = choosePreprocessing(flags, model);
      const decoder = openDecoder(flags.host);
      const sized = { size: model.network.graph.input, decoder };
      const { test } = await readStreamedData(flags.data, sized);
      const pictures = firstPictures(test, requireCount(flags.pictures ?? test.count, test.count));
      const progress = phaseProgress(process.stderr);
      const { signal, release } = interruptSignal();
      try {
        const summary = await withHost(flags, (host) =>
          host.execute(
            'evaluate',
            { network: model.network, pictures, preprocessing, batch: flags.batch },
            {
              signal,
              onEvent: ({ done, total }) => progress.show('Evaluating', done, total),
            },
          ),
        );
        progress.stop();
        const streamed = streamedRates(decoder, undefined);
        if (streamed) progress.line(streamedText(streamed));
        const versions = { espalier: version, node: process.versions.node };
        const all = { architecture: model.architecture, versions, ...summary };
        process.stdout.write(flags.json ? `${JSON.stringify(all)}\n` : `${table(all)}\n`);
      } finally {
        progress.stop();
        release();
        await decoder?.close();
      }
    });
}

/** @throws bad-config when there are not so many pictures. */
function requireCount(given: number, most: number): number {
  if (Number.isSafeInteger(given) && given >= 1 && given <= most) return given;
  throw new EspalierError('bad-config', {
    kind: 'value',
    key: 'pictures',
    given,
    allowed: `a whole number from 1 to ${most}`,
  });
}

function table(summary: EvaluateSummary & { readonly architecture: string }): string {
  const { accuracy, loss, milliseconds, memory, adapter } = summary;
  const rows = new Table({ style: { head: [], border: [] } });
  rows.push(
    ['network', summary.architecture],
    ['multiply-adds', grouped(summary.multiplyAdds)],
    ['parameters', grouped(summary.parameters)],
    ['pictures', grouped(summary.pictures)],
    ['right answers', accuracy === undefined ? 'no labels' : percent(accuracy)],
    ['cross-entropy', loss === undefined ? 'no labels' : loss.toFixed(4)],
    ...milliseconds.map(({ batch, perPicture }) => [
      `ms a picture, ${plural(batch, 'picture')} at once`,
      perPicture.toPrecision(3),
    ]),
    ['memory of the maps', mebibytes(memory.maps)],
    ['memory at most', mebibytes(memory.peak)],
  );
  return `${rows.toString()}\nAdapter: ${adapter.name}.`;
}
