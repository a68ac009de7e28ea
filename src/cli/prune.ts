import { basename, dirname, extname, join } from 'node:path';
import { type Command, Option } from 'commander';
import type { PictureDecoder } from '../data/picture-decoder.js';
import { requirePictures } from '../data/pictures.js';
import { EspalierError } from '../errors.js';
import type { Model } from '../experiment/model/model.js';
import {
  modelFiles,
  requireWritableModel,
  sizeOfModelFiles,
  usualEnding,
} from '../experiment/model/model-files.js';
import { drawCalibration } from '../experiment/model/prune/calibration.js';
import {
  type PruneConfig,
  parsePruneConfig,
  pruneOptions,
} from '../experiment/model/prune/config.js';
import { REFITS, SHARINGS, UNIT_CHOICES } from '../experiment/model/prune/events.js';
import { isGuessing } from '../experiment/model/prune/guessing.js';
import { requireLabels } from '../experiment/model/prune/labels.js';
import type { PruneModelEvent } from '../experiment/model/prune/model.js';
import { requireReachable } from '../experiment/model/prune/share.js';
import { inferShapes } from '../graph/shapes.js';
import { CHANNEL_CRITERIA } from '../prune/channels/criteria.js';
import type { PositionPlan } from '../prune/channels/positions.js';
import { streamedText } from '../study/model/rates.js';
import { grouped, plural, shellWord } from '../text.js';
import { readStreamedData } from './cifar10.js';
import { openDecoder, streamedRates } from './decoder.js';
import { requireWritableFolder, writeWhole } from './files.js';
import { addDeviceFlags, commandText, givenFlags, number, readConfig } from './flags.js';
import { type HostFlags, withHost } from './host.js';
import {
  addModelFlags,
  choosePreprocessing,
  MODEL_FILES,
  MODEL_FLAGS,
  type ModelFlags,
  readModel,
} from './model-flags.js';
import { interruptSignal } from './outcome.js';
import { percent, phaseProgress } from './progress.js';
import { openJournal } from './prune-journal.js';
import { writePruneReport } from './prune-report.js';
import { pruneTable } from './prune-table.js';
import { workIdentity } from './work-identity.js';

interface OwnFlags extends HostFlags, ModelFlags {
  readonly data: string;
  readonly out?: string;
  readonly report?: string;
  readonly config?: string;
  readonly json?: true;
}

/** Flags that say where, and not how, a network is pruned. */
const ELSEWHERE = ['data', 'out', 'report', 'config', 'json', 'host', 'adapter', 'tuning'];

export function addPrune(program: Command, version: string): void {
  const command = addModelFlags(
    program
      .command('prune')
      .description(
        'Cuts a trained network to a budget: channels that serve least go, and what reads the others is fitted to them. Pictures without labels are enough.',
      )
      .argument('<model>', MODEL_FILES),
  )
    .requiredOption(
      '--data <source>',
      "cifar10, a folder with CIFAR-10's binary files, a folder of PNG or JPEG pictures, in a folder a class or unlabelled, or a .npy of bytes [n, height, width, channels]",
    )
    .option('--calibration <pictures>', 'that the cut is made by (default: 1000)', number)
    .option('--flops <share>', 'of the multiply-adds that stays (default: 0.5)', number)
    .option('--parameters <share>', 'of the parameters that stays, instead', number)
    .option(
      '--latency <share>',
      'of the milliseconds a picture takes on this adapter, 32 at once, instead: layers are timed',
      number,
    )
    .option(
      '--layer-tolerance <share>',
      'of the accuracy that each unit may cost, instead of a budget (published: 0.02): it keeps as many channels as are enough. Needs labels',
      number,
    )
    .option(
      '--train-between <epochs>',
      'of training behind each unit that is cut, by the labels (published: 0.1; default: 0)',
      number,
    )
    .addOption(
      new Option('--criterion <name>', 'by which channels are chosen (default: group)').choices(
        CHANNEL_CRITERIA,
      ),
    )
    .addOption(
      new Option('--refit <how>', 'what reads them is fitted (default: weights)').choices(REFITS),
    )
    .addOption(
      new Option(
        '--budgets <how>',
        'the budget is shared among units: by how far a cut of each moves the answers, or evenly (default: measured)',
      ).choices(SHARINGS),
    )
    .addOption(
      new Option(
        '--units <which>',
        'inside of blocks, residual streams, or all (default: inner)',
      ).choices(UNIT_CHOICES),
    )
    .option('--round-to <n>', 'channels, a multiple of which every cut unit keeps', number)
    .option('--least <n>', 'channels that every unit keeps at least', number)
    .option(
      '--positions <n>',
      'of a picture that large maps are summed over at most, drawn by the seed (default: all)',
      number,
    )
    .option('--fine-tune <epochs>', 'of training behind the cut', number)
    .option(
      '--learning-rate <rate>',
      'of fine-tuning, at its start, and between units (default: 0.01)',
      number,
    )
    .addOption(
      new Option(
        '--distil [share]',
        'fine-tune by the answers of the network as it came: alone, which needs no labels, or for this share beside the labels',
      )
        .preset('1')
        .argParser(number),
    )
    .option(
      '--controls',
      'to compare with: the dense network trained on for as long, and one like the pruned from scratch',
    )
    .option(
      '--pre-trained <epochs>',
      'that the model was trained for: from scratch as many more are trained (default: 0)',
      number,
    )
    .option('--seed <seed>', 'of the calibration pictures and of fine-tuning', number);
  addDeviceFlags(command)
    .option(
      '--out <file>',
      'of the form that its ending says (default: beside the model, <name>-pruned.onnx of ONNX and Keras, <name>-pruned.json of TensorFlow.js layers, <name>-pruned.safetensors of others)',
    )
    .option('--report <folder>', 'a page on what was cut, and where the networks disagree')
    .option('--config <file>', 'a JSON file with these flags as keys; a flag given here wins')
    .option('--json', 'print the summary as one line of JSON')
    .addHelpText(
      'after',
      `
A smaller .onnx is the one that came in with smaller tensors, and takes its place everywhere. So does
a TensorFlow.js model.json of layers. A Keras .h5 becomes an .onnx. A .safetensors, or a .pth under
"state_dict", holds weights under the network's own names and the graph beside them. espalier evaluate
takes each as it is. A pruning that is interrupted or killed goes on at the unit it was at when the same
command is given again.

Examples:
  espalier prune net.onnx --data pictures --mean imagenet --flops 0.5 --out small.onnx
  espalier prune resnet20.th --architecture resnet20 --data cifar10 --report runs/half
  espalier prune resnet20.th --architecture resnet20 --data cifar10 --flops 0.35 --criterion backward
  espalier prune net.safetensors --data pictures --parameters 0.5 --round-to 8 --out half.safetensors
  espalier prune net.pth --architecture resnet18 --data pictures --fine-tune 3 --distil --out half.pth
  espalier prune net.pth --architecture resnet20 --data cifar10 --criterion network-loss --refit none \\
    --layer-tolerance 0.02 --train-between 0.1
  espalier prune net.pth --architecture resnet56 --data cifar10 --fine-tune 3 --controls --pre-trained 200`,
    )
    .action(async (file: string, flags: OwnFlags, self: Command) => {
      const given = { ...(flags.config && (await readConfig(flags.config))), ...givenFlags(self) };
      const settings = Object.fromEntries(
        Object.entries(given).filter(([key]) => ![...ELSEWHERE, ...MODEL_FLAGS].includes(key)),
      );
      const { config: _, ...asked } = given;
      const command = commandText(['prune', file], asked);
      const config = parsePruneConfig(settings);
      const decoder = openDecoder(flags.host);
      try {
        await execute(file, flags, { config, version, command, decoder });
      } finally {
        await decoder?.close();
      }
    });
}

async function execute(
  file: string,
  flags: OwnFlags,
  {
    config,
    version,
    command,
    decoder,
  }: {
    readonly config: PruneConfig;
    readonly version: string;
    /** That makes it again. */
    readonly command: string;
    readonly decoder: PictureDecoder | undefined;
  },
): Promise<void> {
  const loaded = await readModel(file, flags);
  const stem = join(dirname(file), basename(file, extname(file)));
  const out = flags.out ?? `${stem}-pruned${usualEnding(loaded)}`;
  requireWritableModel(loaded, basename(out));
  await requireWritableFolder(dirname(out));
  if (flags.report !== undefined) await requireWritableFolder(flags.report, '--report');
  const model: Model = { ...loaded, preprocessing: choosePreprocessing(flags, loaded) };
  const { network, preprocessing } = model;
  requireReachable(network, pruneOptions(config));
  const { train, test } = await readStreamedData(flags.data, {
    size: network.graph.input,
    decoder,
  });
  const classes = inferShapes(network.graph).get(network.graph.output)?.channels ?? 0;
  for (const pictures of [train, test]) requirePictures(pictures, network.graph.input, classes);
  requireLabels(train, config);
  // Other pictures change nothing of what is gone on with.
  const decisive = config.trainBetween > 0 ? train : drawCalibration(config, train);
  const journal = await openJournal(out, await workIdentity(model, [config], [decisive]), model);
  const progress = phaseProgress(process.stderr);
  const { signal, release } = interruptSignal();
  if (journal.from) {
    progress.line(
      `Going on: ${plural(journal.from.curves.length, 'unit')} measured and ${plural(journal.from.units.length, 'unit')} cut before.`,
    );
  }
  const onEvent = async (event: PruneModelEvent) => {
    if (event.type === 'curve' || event.type === 'unit') await journal.note(event);
    const line = lineOfEvent(event, classes);
    if (line) progress.line(line);
    if (event.type === 'progress') {
      progress.show(TITLES[event.phase], Math.round(100 * event.share), 100, event.unit);
    }
  };
  try {
    const drawn = Math.min(config.calibration, train.count);
    progress.line(
      `${model.architecture}: ${plural(drawn, 'picture')} to calibrate with, ${plural(test.count, 'picture')} to measure with.`,
    );
    const input = { network, preprocessing, train, test, config };
    const { summary, disagreements } = await withHost(flags, async (host) => {
      const summary = await host.execute(
        'prune',
        { ...input, ...(journal.from && { from: journal.from }) },
        { onEvent, signal },
      );
      if (flags.report === undefined) return { summary };
      const networks = { dense: network, pruned: summary.network };
      const both = { ...networks, pictures: test, preprocessing };
      return { summary, disagreements: await host.execute('disagreements', both, { signal }) };
    });
    progress.stop();
    const streamed = streamedRates(decoder, undefined);
    if (streamed) progress.line(streamedText(streamed));
    const name = basename(out);
    const kept = Object.fromEntries(summary.units.map((own) => [own.unit, own.kept]));
    const files = modelFiles({ ...model, network: summary.network, kept }, name);
    const bytes = {
      pruned: sizeOfModelFiles(files),
      dense: sizeOfModelFiles(modelFiles(model, name)),
    };
    if (summary.units.some(({ kept, channels }) => kept.length < channels))
      requireSmaller(bytes, out);
    for (const [beside, data] of files.beside)
      await writeWhole(dirname(out), { name: beside, bytes: data });
    await writeWhole(dirname(out), { name, bytes: files.bytes });
    journal.finish();
    const { network: _, ...figures } = summary;
    const versions = { espalier: version, node: process.versions.node };
    const { architecture } = model;
    if (flags.report !== undefined && disagreements) {
      const report = { architecture, config, summary, bytes, disagreements, versions, command };
      await writePruneReport(flags.report, { ...report, file: out }, test);
      progress.line(`Report: ${join(flags.report, 'report.html')}`);
    }
    const all = { out, bytes: bytes.pruned, architecture, versions, config };
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ ...all, ...figures })}\n`
        : `${pruneTable(summary, bytes)}\nThe pruned network: ${out}\n`,
    );
  } catch (error) {
    if (!(error instanceof EspalierError && error.code === 'aborted')) throw error;
    const kept = journal.holds()
      ? ` What is done is kept: the same command, with --out ${shellWord(out)}, goes on from there.`
      : ' Nothing was done yet that could be kept.';
    throw new EspalierError('aborted', `Interrupted.${kept}`, { cause: error });
  } finally {
    progress.stop();
    release();
    await journal.release();
  }
}

const TITLES = {
  measuring: 'Measuring',
  timing: 'Timing layers',
  curves: 'Curves',
  cutting: 'Cutting',
  'fine-tuning': 'Fine-tuning',
} as const;

/** @throws bad-network where the file of a smaller network is no smaller. */
function requireSmaller(
  { pruned, dense }: { readonly pruned: number; readonly dense: number },
  out: string,
): void {
  if (pruned < dense) return;
  throw new EspalierError(
    'bad-network',
    `${out} would have ${plural(pruned, 'byte')}, and the network as it came has ${grouped(dense)}: it got no smaller, and is not written.`,
  );
}

/** Why so many output positions of a picture are taken. */
const WHY = {
  few: () => 'which are no more than asked for',
  cheaper: ({ all, sampled }) => `for ${percent(sampled / all)} of the products of all`,
  dearer: () => 'since those of a sample lie apart and share no products, which takes more of them',
} as const satisfies Readonly<Record<string, (cost: PositionPlan['cost']) => string>>;

function lineOfEvent(event: PruneModelEvent, classes: number): string | undefined {
  if (event.type === 'dense') {
    const { accuracy } = event.figures;
    if (accuracy === undefined || !isGuessing(accuracy, classes)) return undefined;
    return `Warning: the network as it came is right for ${percent(accuracy)} of the pictures, no better than guessing. Wrong preprocessing is the usual cause: see --mean and --std.`;
  }
  if (event.type === 'few-images') {
    const { images, unit, channels } = event;
    return `Warning: ${plural(images, 'picture')} to calibrate with, fewer than the ${channels} channels of ${unit}: what reads them is fitted to these very pictures, and may answer others worse. More pictures help, up to --calibration.`;
  }
  if (event.type === 'few-positions') {
    const { node, images, taken, weights } = event;
    return `Warning: ${plural(images, 'picture')} to calibrate with and ${plural(taken, 'position')} of each, fewer together than the ${grouped(weights)} weights that ${node} has for an answer: it is fitted to these very positions, and may answer others worse. More pictures help, or more --positions.`;
  }
  if (event.type === 'positions') {
    const { node, taken, positions, reason, cost } = event;
    return `${node}: ${grouped(taken)} of ${plural(positions, 'position')} a picture, ${WHY[reason](cost)}`;
  }
  if (event.type === 'unit') {
    const { unit, kept, channels, loss } = event;
    return `${unit}: ${kept.length} of ${channels} channels, ${percent(loss)} of the answer lost`;
  }
  return undefined;
}
