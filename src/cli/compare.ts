import { join, resolve } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';

import {
  type CompareConfig,
  parseCompareConfig,
  recordOfConfig,
  USUAL_SIZES,
} from '../experiment/compare-config.js';
import {
  CONTENDERS,
  type CompareEvent,
  type CompareSummary,
} from '../experiment/compare-events.js';
import { drawExamples } from '../experiment/examples.js';
import { hullFloor } from '../experiment/guarantee.js';
import { comparisonRows } from '../report/comparison-table.js';
import { plural } from '../text.js';
import {
  addCompareModelFlags,
  COMPARE_MODEL_HELP,
  type CompareModelFlags,
  compareModelCommand,
} from './compare-model.js';
import { writeJson, writeWhole } from './files.js';
import {
  addDeviceFlags,
  addImprovementFlags,
  addNetworkFlags,
  givenFlags,
  names,
  number,
  numbers,
  readConfig,
  STORAGE_HELP,
  storageOption,
} from './flags.js';
import { withHost } from './host.js';
import { readImages } from './images.js';
import { interruptSignal } from './outcome.js';
import { END, phaseProgress } from './progress.js';
import { claimFolder, requireUsable } from './run-folder.js';

/** Flags that are no part of a comparison's configuration. */
interface OwnFlags {
  readonly config?: string;
  readonly overwrite?: true;
  readonly json?: true;
}

type SomeFlags = CompareModelFlags | Omit<CompareModelFlags, 'model'>;

function isOfModel(flags: SomeFlags): flags is CompareModelFlags {
  return 'model' in flags;
}

export function addCompare(program: Command, version: string): void {
  const command = addNetworkFlags(
    program
      .command('compare')
      .description(
        'Trains one network and prunes it in several ways, at several sizes; or prunes a trained convolutional network, --model, in several ways.',
      )
      .option('--methods <list>', CONTENDERS.join(', '), names)
      .option('--sizes <list>', 'numbers of picks, ascending', numbers),
  ).addOption(storageOption());
  addImprovementFlags(command).option('--seed <seed>', 'of weights, examples and batches', number);
  addDeviceFlags(addCompareModelFlags(command))
    .option('--out <folder>', 'where the files go (default: a new folder in runs/)')
    .option('--overwrite', 'replace what --out holds')
    .option('--config <file>', 'a JSON file with these flags as keys; a flag given here wins')
    .option('--json', 'print the summary as one line of JSON')
    .addHelpText(
      'after',
      `
By default all methods at ${USUAL_SIZES.join(', ')} picks, on the network that \`espalier run\` trains;
each as it is, with all output weights refitted by least squares, fine-tuned, and both.
--config takes the config.json of a run too: its network is trained, and pruned in all the ways.

${STORAGE_HELP}

${COMPARE_MODEL_HELP}

Examples:
  espalier compare                                        every method on MNIST
  espalier compare --methods greedy,random,magnitude      three of them
  espalier compare --sizes 10,100,400 --width 1024        a wider network
  espalier compare --refit none --fine-tune 0             as pruned, and no more
  espalier compare --model resnet20.th --architecture resnet20 --data cifar10 --flops 0.35,0.5,0.7`,
    );
  command.action(async (all: SomeFlags, self: Command) => {
    const given: OwnFlags = givenFlags(self);
    const { config: file, ...own } = given;
    const kept = file && (await readConfig(file));
    if (isOfModel(all)) return await compareModelCommand({ ...kept, ...own }, all, version);
    const { overwrite = false, json, ...flags } = own;
    const config = parseCompareConfig({ ...kept, ...flags });
    await requireUsable(config.out, overwrite);
    const summary = await execute(config);
    const folder = await write(config, summary, { overwrite, version });
    const text = `${comparisonTable(summary)}\nReport: ${join(folder, 'comparison.html')}\n`;
    (json ? process.stderr : process.stdout).write(text);
    if (json) process.stdout.write(`${JSON.stringify({ out: folder, ...record(summary) })}\n`);
  });
}

async function execute(config: CompareConfig): Promise<CompareSummary> {
  const examples = drawExamples(await readImages(config.data), config.examples, config.seed);
  const progress = phaseProgress(process.stderr);
  const { signal, release } = interruptSignal();
  const onEvent = (event: CompareEvent) => {
    if (event.type !== 'progress') return;
    const { what, improving, done, total } = event;
    progress.show(improving ? `${what}: refit, fine-tuning` : what, done, total);
  };
  const { methods: contenders, sizes } = config;
  try {
    return await withHost(config, (host) =>
      host.execute('compare', { config, contenders, sizes, examples }, { onEvent, signal }),
    );
  } finally {
    progress.stop();
    release();
  }
}

async function write(
  config: CompareConfig,
  summary: CompareSummary,
  { overwrite, version }: { readonly overwrite: boolean; readonly version: string },
): Promise<string> {
  const name = `compare-${config.task}-${config.examples}x${config.width}`;
  const { path, release } = await claimFolder(config.out, name, overwrite);
  try {
    await writeInto(path, config, summary, version);
  } finally {
    await release();
  }
  return path;
}

async function writeInto(
  folder: string,
  config: CompareConfig,
  summary: CompareSummary,
  version: string,
): Promise<void> {
  // Made absolute, so that it holds for someone who uses config.json from inside the folder.
  const data = config.data === 'mnist' ? config.data : resolve(config.data);
  await writeJson(folder, 'config.json', recordOfConfig({ ...config, data, out: folder }));
  await writeJson(folder, 'comparison.json', record(summary));
  const csv = new TextEncoder().encode(comparisonCsv(summary));
  await writeWhole(folder, { name: 'comparison.csv', bytes: csv });
  const { comparisonFiles } = await import('./drawings.js');
  const files = comparisonFiles({
    config,
    summary,
    versions: { espalier: version, node: process.versions.node },
    command: 'espalier compare --config config.json --out again',
  });
  for (const file of files) await writeWhole(folder, file);
}

/** The summary with plain arrays, for JSON. */
function record({ curves, guarantee, ...summary }: CompareSummary): object {
  return {
    ...summary,
    curves: curves.map(({ loss, ...curve }) => ({ ...curve, loss: [...loss] })),
    ...(guarantee && { guarantee: { ...guarantee, bound: [...guarantee.bound] } }),
  };
}

const MEASURES = ['trainingLoss', 'testLoss', 'testAccuracy'] as const;
const IMPROVED = ['refitted', 'fineTuned', 'refittedFineTuned'] as const;

/** What is improved has columns such as `refitted.testLoss`; what was not measured is empty. */
function comparisonCsv({ rows }: CompareSummary): string {
  const head = [
    'method',
    'picks',
    'distinct',
    ...MEASURES,
    ...IMPROVED.flatMap((stage) => MEASURES.map((key) => `${stage}.${key}`)),
  ];
  const lines = rows.map((row) => [
    row.method,
    row.picks,
    row.distinct,
    ...MEASURES.map((key) => row[key]),
    ...IMPROVED.flatMap((stage) => MEASURES.map((key) => row[stage]?.[key] ?? '')),
  ]);
  return `${[head, ...lines].join('\n')}\n`;
}

function comparisonTable(summary: CompareSummary): string {
  const { head, rows } = comparisonRows(summary);
  const table = new Table({
    // On a line each, the table is narrower.
    head: head.map((name) => name.replaceAll(/(?::| and) /g, (gap) => `${gap.trimEnd()}\n`)),
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  const { curves, guarantee, adapter } = summary;
  const ended = curves.flatMap(({ method, loss, stopped }) =>
    END[stopped]
      ? [`${method} ended after ${plural(loss.length, 'pick')}: ${END[stopped]}.\n`]
      : [],
  );
  const hull = guarantee
    ? `No mixture of the dense network's neurons has a training loss below ${hullFloor(guarantee.hull)}.\n`
    : '';
  return `${table.toString()}\n${ended.join('')}${hull}Adapter: ${adapter.name}.`;
}
