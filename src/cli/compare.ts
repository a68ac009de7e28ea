import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { parseHTML } from 'linkedom';
import { readImageSource } from '../data/folder.js';
import { EspalierError } from '../errors.js';
import { requireComparable } from '../study/compare.js';
import {
  CONTENDERS,
  type CompareEvent,
  type CompareInput,
  type CompareSummary,
  type Contender,
} from '../study/compare-events.js';
import { parseCompareConfig, type RunConfig } from '../study/config.js';
import { drawExamples } from '../study/examples.js';
import { comparisonPage, comparisonRows } from '../study/report/comparison-page.js';
import { inLight, LIGHT } from '../study/report/style.js';
import {
  addDeviceFlags,
  addNetworkFlags,
  givenFlags,
  number,
  numbers,
  readConfig,
  STORAGE_HELP,
  storageOption,
} from './flags.js';
import { withHost } from './host.js';
import { interruptSignal } from './outcome.js';
import { requireFreeFolder, requireWritableFolder, writeJson, writeWhole } from './run-folder.js';
import { claimFolder } from './run-records.js';

interface CompareFlags extends Partial<RunConfig> {
  readonly config?: string;
  readonly overwrite?: true;
  readonly json?: true;
  readonly methods?: readonly string[];
  readonly sizes?: readonly (number | string)[];
}

/** Who prunes, and how far. */
type Contest = Pick<CompareInput, 'contenders' | 'sizes'>;

const SIZES = [5, 10, 20, 50, 100];

export function addCompare(program: Command, version: string): void {
  const command = addNetworkFlags(
    program
      .command('compare')
      .description('Trains one network and prunes it in several ways, at several sizes.')
      .option('--methods <list>', CONTENDERS.join(', '), (text) => text.split(','))
      .option('--sizes <list>', 'numbers of picks, ascending', numbers),
  )
    .addOption(storageOption())
    .option('--seed <seed>', 'of weights, examples and batches', number);
  addDeviceFlags(command)
    .option('--out <folder>', 'where the files go (default: a new folder in runs/)')
    .option('--overwrite', 'replace what --out holds')
    .option(
      '--config <file>',
      'a JSON file with the flags of a run as keys; a flag given here wins',
    )
    .option('--json', 'print the summary as one line of JSON')
    .addHelpText(
      'after',
      `
By default all methods at ${SIZES.join(', ')} picks, on the network that \`espalier run\` trains.

${STORAGE_HELP}

Examples:
  espalier compare                                        every method on MNIST
  espalier compare --methods greedy,random,magnitude      three of them
  espalier compare --sizes 10,100,400 --width 1024        a wider network`,
    );
  command.action(async (_flags: unknown, self: Command) => {
    const {
      config: file,
      overwrite,
      json,
      methods,
      sizes,
      ...flags
    } = givenFlags(self) as CompareFlags;
    const config = parseCompareConfig({ ...(file && (await readConfig(file))), ...flags });
    const contest = { contenders: contendersOf(methods), sizes: sizesOf(sizes, config.width) };
    requireComparable({ config, ...contest });
    if (config.out) await requireFreeFolder(config.out, overwrite === true);
    await requireWritableFolder(config.out ?? 'runs');
    const summary = await execute(config, contest);
    const folder = await write(config, contest, summary, {
      overwrite: overwrite === true,
      version,
    });
    const text = `${tableOf(summary)}\nReport: ${join(folder, 'comparison.html')}\n`;
    (json ? process.stderr : process.stdout).write(text);
    if (json) process.stdout.write(`${JSON.stringify({ out: folder, ...record(summary) })}\n`);
  });
}

async function execute(config: RunConfig, contest: Contest): Promise<CompareSummary> {
  const examples = drawExamples(await readImageSource(config.data), config.examples, config.seed);
  const { signal, release } = interruptSignal();
  try {
    return await withHost(config, (host) =>
      host.execute('compare', { config, ...contest, examples }, { onEvent: show, signal }),
    );
  } finally {
    release();
  }
}

/** What is being done, on stderr: one line that is written over on a terminal, lines elsewhere. */
function show(event: CompareEvent): void {
  if (event.type !== 'progress') return;
  const { what, done, total } = event;
  const line = `${what}: ${done} of ${total}`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
}

async function write(
  config: RunConfig,
  contest: Contest,
  summary: CompareSummary,
  { overwrite, version }: { readonly overwrite: boolean; readonly version: string },
): Promise<string> {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  const name = `compare-${config.task}-${config.examples}x${config.width}`;
  const { path, release } = await claimFolder(config.out, name, overwrite);
  try {
    await writeInto(path, config, contest, summary, version);
  } finally {
    await release();
  }
  return path;
}

/** What makes the same comparison, in its folder. Methods may have made fewer picks than asked for. */
function commandOf({ contenders, sizes }: Contest): string {
  return `espalier compare --config config.json --methods ${contenders.join(',')} --sizes ${sizes.join(',')}`;
}

async function writeInto(
  folder: string,
  config: RunConfig,
  contest: Contest,
  summary: CompareSummary,
  version: string,
): Promise<void> {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const { html, figures } = comparisonPage({
    config,
    summary,
    versions: { espalier: version, node: process.versions.node },
    command: commandOf(contest),
    document,
  });
  const text = (content: string) => new TextEncoder().encode(content);
  await writeJson(folder, 'config.json', { ...config, out: folder });
  await writeJson(folder, 'comparison.json', record(summary));
  await writeWhole(folder, { name: 'comparison.csv', bytes: text(csvOf(summary)) });
  for (const [name, { svg }] of figures) {
    const light = inLight(svg);
    await writeWhole(folder, { name: `${name}.svg`, bytes: text(light) });
    const image = new Resvg(light, {
      background: LIGHT.ground ?? 'white',
      fitTo: { mode: 'zoom', value: 2 },
    });
    await writeWhole(folder, { name: `${name}.png`, bytes: image.render().asPng() });
  }
  await writeWhole(folder, { name: 'comparison.html', bytes: text(html) });
}

/** The summary with plain arrays, for JSON. */
function record({ curves, guarantee, ...summary }: CompareSummary): object {
  return {
    ...summary,
    curves: curves.map(({ method, loss }) => ({ method, loss: [...loss] })),
    ...(guarantee && { guarantee: { ...guarantee, bound: [...guarantee.bound] } }),
  };
}

function csvOf({ rows }: CompareSummary): string {
  const head = ['method', 'picks', 'distinct', 'trainingLoss', 'testLoss', 'testAccuracy'] as const;
  return `${[head, ...rows.map((row) => head.map((key) => row[key]))].join('\n')}\n`;
}

function tableOf(summary: CompareSummary): string {
  const { head, rows } = comparisonRows(summary);
  const table = new Table({
    head: [...head],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  const { dense, guarantee, adapter } = summary;
  const hull = guarantee
    ? ` No mixture of its neurons goes below ${guarantee.hull.loss.toPrecision(3)}.`
    : '';
  return `${table.toString()}\nThe dense network: training loss ${dense.loss.toFixed(5)}, test accuracy ${(100 * dense.test.accuracy).toFixed(2)} %.${hull}\nAdapter: ${adapter.name}.`;
}

function contendersOf(names: readonly string[] | undefined): readonly Contender[] {
  return (names ?? CONTENDERS).map((name) => {
    const known = CONTENDERS.find((contender) => contender === name.trim());
    if (known) return known;
    throw new EspalierError(
      'bad-config',
      `--methods knows ${CONTENDERS.join(', ')}; not "${name}".`,
    );
  });
}

/** Those asked for; by default as many of the usual ones as the network has neurons for. */
function sizesOf(
  sizes: readonly (number | string)[] | undefined,
  width: number,
): readonly number[] {
  const usual = SIZES.filter((size) => size <= width);
  return (sizes ?? (usual.length > 0 ? usual : [width])).map((size) => {
    if (typeof size === 'number' && Number.isInteger(size) && size >= 1) return size;
    throw new EspalierError(
      'bad-config',
      `--sizes must be whole numbers from 1 on, such as ${SIZES.join(',')}; not "${size}".`,
    );
  });
}
