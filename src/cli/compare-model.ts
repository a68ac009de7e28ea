import { join } from 'node:path';
import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import type { PictureDecoder } from '../data/picture-decoder.js';
import { type AnyPictures, requirePictures } from '../data/pictures.js';
import { EspalierError } from '../errors.js';
import {
  type CompareModelConfig,
  CURVE_CHOICES,
  listModelCells,
  nameOfCell,
  parseCompareModelConfig,
} from '../experiment/model/compare/config.js';
import type { CompareModelEvent, CompareModelSummary } from '../experiment/model/compare/events.js';
import type { Model } from '../experiment/model/model.js';
import { drawCalibration } from '../experiment/model/prune/calibration.js';
import { REFITS, SHARINGS, UNIT_CHOICES } from '../experiment/model/prune/events.js';
import { inferShapes } from '../graph/shapes.js';
import { CHANNEL_CRITERIA } from '../prune/channels/criteria.js';
import {
  modelComparisonCsv,
  modelComparisonRows,
  scoreOf,
} from '../report/model-comparison-table.js';
import { streamedText } from '../study/model/rates.js';
import { plural } from '../text.js';
import { readStreamedData } from './cifar10.js';
import { defaultComparisonFolder, openComparisonFolder } from './compare-model-folder.js';
import { openDecoder, streamedRates } from './decoder.js';
import { writeJson, writeWhole } from './files.js';
import { commandText, names, number, numbers } from './flags.js';
import { type HostFlags, withHost } from './host.js';
import {
  addModelFlags,
  choosePreprocessing,
  MODEL_FLAGS,
  type ModelFlags,
  readModel,
} from './model-flags.js';
import { interruptSignal } from './outcome.js';
import { percent, phaseProgress } from './progress.js';
import { workIdentity } from './work-identity.js';

/** Flags that say what is compared, and where, and not how. */
export interface CompareModelFlags extends HostFlags, ModelFlags {
  readonly model: string;
  readonly data?: string;
  readonly out?: string;
  readonly overwrite?: true;
  readonly json?: true;
}

const ELSEWHERE = ['model', 'data', 'out', 'overwrite', 'json', 'host', 'adapter', 'tuning'];

/** The flags of a comparison of prunings, beside those that it shares with other comparisons. */
export function addCompareModelFlags(command: Command): Command {
  return addModelFlags(
    command.option(
      '--model <file>',
      'a trained convolutional network, whose prunings are compared',
    ),
  )
    .option('--criteria <list>', `with --model: ${CHANNEL_CRITERIA.join(', ')}`, names)
    .option('--refits <list>', `with --model: ${REFITS.join(', ')}`, names)
    .option('--budgets <list>', `with --model: ${SHARINGS.join(', ')}`, names)
    .option('--flops <shares>', 'of the multiply-adds that stay, with --model', numbers)
    .option('--parameters <shares>', 'of the parameters that stay, with --model', numbers)
    .addOption(
      new Option(
        '--curves <whose>',
        'share measured budgets, with --model: those of group for all, or each its own',
      ).choices(CURVE_CHOICES),
    )
    .option('--calibration <pictures>', 'that cuts are made by, with --model', number)
    .addOption(new Option('--units <which>', 'are cut, with --model').choices(UNIT_CHOICES))
    .option('--round-to <n>', 'channels, with --model', number)
    .option('--least <n>', 'channels that every unit keeps, with --model', number);
}

export const COMPARE_MODEL_HELP = `With --model a trained convolutional network is pruned by every criterion, with every refit, to every
budget, and measured without fine-tuning; --data is then cifar10, a folder with CIFAR-10's binary
files or of pictures, or a .npy, as for espalier prune. Measured budgets of all criteria are shared by
the curves of group with refitted weights, unless --curves own is given. A comparison that is
interrupted or killed goes on when the same command is given again, also with longer lists.`;

/** Compares prunings of one network, and leaves tables and pictures in a folder. */
export async function compareModelCommand(
  given: Readonly<Record<string, unknown>>,
  flags: CompareModelFlags,
  version: string,
): Promise<void> {
  const decoder = openDecoder(flags.host);
  try {
    await compareStreamed(given, flags, { version, decoder });
  } finally {
    await decoder?.close();
  }
}

async function compareStreamed(
  given: Readonly<Record<string, unknown>>,
  flags: CompareModelFlags,
  { version, decoder }: { readonly version: string; readonly decoder: PictureDecoder | undefined },
): Promise<void> {
  const settings = Object.entries(given).filter(
    ([key]) => ![...ELSEWHERE, ...MODEL_FLAGS].includes(key),
  );
  const config = parseCompareModelConfig(Object.fromEntries(settings));
  const input = await readInput(flags, decoder);
  const { architecture } = input.model;
  const identity = await identityOf(input, config);
  const out = flags.out ?? defaultComparisonFolder(architecture, identity);
  const folder = await openComparisonFolder(out, identity, flags.overwrite ?? false);
  try {
    const summary = await execute({ ...input, config, folder, flags });
    const streamed = streamedRates(decoder, undefined);
    if (streamed) process.stderr.write(`${streamedText(streamed)}\n`);
    const versions = { espalier: version, node: process.versions.node };
    const record = { architecture, versions, config, ...summary };
    await writeJson(out, 'comparison.json', record);
    const csv = new TextEncoder().encode(modelComparisonCsv(summary));
    await writeWhole(out, { name: 'comparison.csv', bytes: csv });
    const { modelComparisonFiles } = await import('./drawings.js');
    const command = commandText(['compare'], given);
    const files = { architecture, config, summary, versions, command };
    for (const file of modelComparisonFiles(files)) await writeWhole(out, file);
    const text = `${tableText(summary)}\nReport: ${join(out, 'comparison.html')}\n`;
    (flags.json ? process.stderr : process.stdout).write(text);
    if (flags.json) process.stdout.write(`${JSON.stringify({ out, ...record })}\n`);
  } finally {
    await folder.release();
  }
}

interface Input {
  readonly model: Model;
  readonly train: AnyPictures;
  readonly test: AnyPictures;
}

async function readInput(
  flags: CompareModelFlags,
  decoder: PictureDecoder | undefined,
): Promise<Input> {
  const { data } = flags;
  if (data === undefined) {
    throw new EspalierError(
      'bad-config',
      'compare --model needs --data: cifar10, a folder of pictures or a .npy.',
    );
  }
  const loaded = await readModel(flags.model, flags);
  const model = { ...loaded, preprocessing: choosePreprocessing(flags, loaded) };
  const { graph } = model.network;
  const { train, test } = await readStreamedData(data, { size: graph.input, decoder });
  const classes = inferShapes(graph).get(graph.output)?.channels ?? 0;
  for (const pictures of [train, test]) requirePictures(pictures, graph.input, classes);
  return { model, train, test };
}

/** A checksum of all that decides a cell but its own name: lists may grow, and what is done counts on. */
function identityOf(
  { model, train, test }: Input,
  { calibration, units, roundTo, least, seed, curves }: CompareModelConfig,
): Promise<number> {
  const settings = [calibration, units, roundTo, least, seed, curves];
  return workIdentity(model, settings, [drawCalibration({ calibration, seed }, train), test]);
}

const TITLES = { measuring: 'Measuring', dense: 'Dense network', cells: 'Pruning' } as const;

async function execute({
  model: { network, preprocessing, architecture },
  train,
  test,
  config,
  folder,
  flags,
}: Input & {
  readonly config: CompareModelConfig;
  readonly folder: Awaited<ReturnType<typeof openComparisonFolder>>;
  readonly flags: CompareModelFlags;
}): Promise<CompareModelSummary> {
  const progress = phaseProgress(process.stderr);
  const { signal, release } = interruptSignal();
  const wanted = listModelCells(config).map(nameOfCell);
  const done = folder.from.cells.map(nameOfCell).filter((name) => wanted.includes(name));
  progress.line(
    `${architecture}: ${plural(wanted.length, 'pruning')} to compare${done.length > 0 ? `, ${done.length} of them done before` : ''}.`,
  );
  const onEvent = async (event: CompareModelEvent) => {
    if (event.type === 'progress') {
      progress.show(TITLES[event.phase], Math.round(100 * event.share), 100, event.what);
    }
    if (event.type === 'curve' || event.type === 'cell') await folder.note(event);
    if (event.type === 'cell') {
      const { accuracy, agreement, seconds } = event;
      const right = accuracy === undefined ? '' : `${percent(accuracy)} right, `;
      progress.line(
        `${nameOfCell(event)}: ${right}${percent(agreement)} as the dense network (${seconds.toFixed(1)} s)`,
      );
    }
  };
  const input = { network, preprocessing, train, test, config, from: folder.from };
  try {
    return await withHost(flags, (host) =>
      host.execute('compareModel', input, { onEvent, signal }),
    );
  } catch (error) {
    if (!(error instanceof EspalierError && error.code === 'aborted')) throw error;
    throw new EspalierError(
      'aborted',
      'Interrupted. What is measured is kept: the same command goes on from there.',
      { cause: error },
    );
  } finally {
    progress.stop();
    release();
  }
}

function tableText(summary: CompareModelSummary): string {
  const { head, rows } = modelComparisonRows(summary);
  const [, , ...columns] = head;
  const table = new Table({
    head: [...head],
    colAligns: ['left', 'left', ...columns.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  const { name, dense } = scoreOf(summary);
  return `${table.toString()}\nPer cent ${name} of ${plural(summary.pictures, 'picture')}; the dense network: ${(100 * dense).toFixed(1)}. Adapter: ${summary.adapter.name}.`;
}
