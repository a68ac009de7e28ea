import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { type Baseline, requireSameAdapter } from '../../bench/baseline.js';
import { BENCH_NAMES, type BenchEvent, needsSource, requestedContests } from '../../bench/bench.js';
import type { Shape } from '../../bench/benchmark.js';
import type { BenchRequest } from '../../bench/plan.js';
import { type BenchEntry, type BenchReport, parseReport, SUBJECTS } from '../../bench/report.js';
import { readImageSource } from '../data/folder.js';
import { EspalierError, errorMessage } from '../errors.js';
import type { Host } from '../hosts/host.js';
import { quoted, shellWord } from '../text.js';
import { withBenchHost } from './bench-host.js';
import { createBenchProgress } from './bench-progress.js';
import { type BenchRecord, benchReport, createBenchRecord, type Sitting } from './bench-record.js';
import {
  benchFindings,
  benchNotes,
  benchRows,
  benchTable,
  type Circumstances,
} from './bench-table.js';
import { writeJson, writeWhole } from './files.js';
import { adapterOption, hostOption, tuningOption } from './flags.js';
import type { HostFlags } from './host.js';
import { interruptSignal } from './outcome.js';

interface BenchFlags extends HostFlags {
  readonly kernel?: readonly string[];
  readonly work?: readonly string[];
  readonly shape?: string;
  readonly variant?: string;
  readonly subject?: readonly BenchEntry['subject'][];
  readonly quick?: true;
  readonly json?: string;
  readonly html?: string;
  readonly baseline?: string;
  readonly force?: true;
}

export function addBench(program: Command, version: string): void {
  const { kernels, works } = BENCH_NAMES;
  program
    .command('bench')
    .description('Times kernels and whole tasks beside what the adapter can do at most.')
    .addArgument(
      new Argument('[names...]', 'tasks and kernels, as --work and --kernel take them').choices([
        ...new Set([...works, ...kernels]),
      ]),
    )
    .addOption(hostOption())
    .addOption(adapterOption())
    .addOption(tuningOption())
    .addOption(new Option('--kernel <names...>', 'kernels by name').choices(kernels))
    .addOption(new Option('--work <names...>', 'whole tasks by name').choices(works))
    .option('--shape <sizes>', 'only shapes with these sizes, such as m=128,n=1024')
    .option('--variant <name>', 'only this variant of ours, or this form of the peers')
    .addOption(
      new Option('--subject <names...>', 'who takes part; by default all that are there').choices(
        SUBJECTS,
      ),
    )
    .option('--quick', 'one shape each, in a third of the time')
    .option('--json <file>', 'also write the results to this file')
    .option('--html <file>', 'also draw them: a page with the roofline and the table')
    .option('--baseline <file>', 'compare with the results that an earlier --json wrote')
    .option('--force', 'compare even with a baseline from another adapter')
    .addHelpText(
      'after',
      `
Without a name: sgd-step, selection and every kernel, at one shape each.
Every answer is verified in float64 before it is timed.
GB/s counts only the bytes that must move; "of the limit" is the larger share of the
measured copy bandwidth and multiply-add rate. With --baseline, a ratio below 1 is faster.
f16=1 among a shape's sizes: with activations in half precision.

In a checkout, npm run bench puts two peers, jax-js and TensorFlow.js, in the same run on the same
adapter, for matmul and most tasks, and ONNX Runtime's WebGPU for convolution and resnet20-forward.
They are made for pages, so that --host auto takes Chrome for these where Chrome reaches the adapter;
--subject espalier leaves them out. Where it makes much of a difference a peer's work comes in two forms: "fastest" is
the best that was found, "plain" what its documentation leads to first. Without a name, with --quick
and with a --variant of ours only the fastest takes part. --variant fastest and --variant plain name
one form, beside our own choice. A peer's run of more than 30 seconds is timed once, however long it
takes.

Examples:
  espalier bench                                     what stands for all
  espalier bench selection --host node               the selection, and the peers, in Node
  espalier bench selection-scaling                   how its time grows with k, N and m
  espalier bench --kernel matmul --shape m=1024      every variant, at the shapes with m = 1024
  espalier bench --kernel gram-rows --variant lanes  one variant, at every shape
  espalier bench matmul --subject espalier           without the peers
  espalier bench selection --variant fastest         the peers' fastest form, beside ours
  espalier bench --quick --json bench.json           a first impression, kept
  espalier bench --quick --baseline bench.json       and what changed since then
  espalier bench --html bench.html                   the roofline, to look at`,
    )
    .action(async (names: readonly string[], flags: BenchFlags) => {
      const request: BenchRequest = {
        names: [...names, ...(flags.kernel ?? []), ...(flags.work ?? [])],
        quick: flags.quick === true,
        ...(flags.shape !== undefined && { shape: parseShape(flags.shape) }),
        ...(flags.variant !== undefined && { variant: flags.variant }),
        ...(flags.subject !== undefined && { subjects: flags.subject }),
      };
      requestedContests(request);
      if (flags.json) await requireWritable('--json', flags.json);
      if (flags.html) await requireWritable('--html', flags.html);
      if (flags.json && flags.html && resolve(flags.json) === resolve(flags.html)) {
        throw new EspalierError('bad-config', '--json and --html must name two files.');
      }
      if (flags.force && !flags.baseline) {
        throw new EspalierError('bad-config', '--force goes with --baseline.');
      }
      await execute(request, flags, version);
    });
}

async function execute(request: BenchRequest, flags: BenchFlags, version: string): Promise<void> {
  const baseline = flags.baseline ? await readBaseline(flags.baseline) : undefined;
  const source = needsSource(request) ? await readImageSource('mnist') : undefined;
  const { signal, release } = interruptSignal();
  const record = createBenchRecord();
  const progress = createBenchProgress(process.stderr, requestedContests(request).length);
  const onEvent = (event: BenchEvent) => {
    record.keep(event);
    progress.show(event);
  };
  const date = new Date().toISOString();
  let host: Host<never>['kind'] = 'node';
  try {
    await withBenchHost(request, flags, async (opened) => {
      host = opened.kind;
      if (baseline && !flags.force) {
        const { adapter } = await opened.execute('info', null);
        requireSameAdapter(baseline, { adapter, host });
      }
      await opened.execute('bench', { request, source }, { onEvent, signal });
    });
    progress.stop();
    await tell(record, { date, host, version }, flags, baseline);
  } catch (error) {
    progress.stop();
    if (!(error instanceof EspalierError && error.code === 'aborted')) throw error;
    // Minutes of measuring are not lost.
    const measured = record.results.length;
    if (measured > 0) await tell(record, { date, host, version }, flags, baseline);
    const what = measured > 0 ? 'The table ends there.' : 'Nothing was measured yet.';
    throw new EspalierError('aborted', `Interrupted. ${what}`, { cause: error });
  } finally {
    release();
  }
}

/** Prints and writes what is measured. */
async function tell(
  record: BenchRecord,
  sitting: Sitting,
  { json, html }: BenchFlags,
  baseline: Baseline | undefined,
): Promise<void> {
  const report = await benchReport(record, sitting);
  const { omissions, disturbances, started } = record;
  const circumstances = { clock: started?.clock ?? 'wall', omissions, disturbances, baseline };
  process.stdout.write(`${benchTable(report, circumstances)}\n`);
  if (json) await writeJson(dirname(json), basename(json), report);
  if (html) {
    const page = new TextEncoder().encode(await reportPage(report, circumstances));
    await writeWhole(dirname(html), { name: basename(html), bytes: page });
  }
  const files = [json, html].filter((file) => file !== undefined);
  if (files.length > 0) process.stdout.write(`Files: ${files.join(', ')}\n`);
  if (report.results.some(({ subject, verified }) => subject === 'espalier' && !verified)) {
    process.stderr.write('error: Not every answer was right; see the table.\n');
    process.exitCode = 1;
  }
}

async function reportPage(report: BenchReport, circumstances: Circumstances): Promise<string> {
  const { benchHtml } = await import('./drawings.js');
  const words = process.argv.slice(2);
  return benchHtml({
    report,
    rows: benchRows(report, circumstances),
    notes: [...benchNotes(report, circumstances), ...benchFindings(report, circumstances)],
    command: ['espalier', ...words.map(shellWord)].join(' '),
  });
}

/** @throws bad-config when it cannot be read or is no report. */
async function readBaseline(file: string): Promise<Baseline> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new EspalierError(
      'bad-config',
      `--baseline ${file} cannot be read: ${errorMessage(cause)}. Name a file that \`espalier bench --json\` wrote.`,
      { cause },
    );
  });
  return { file, report: parseReport(text, `--baseline ${file}`) };
}

/** @throws bad-config unless it reads `name=size,…`. */
function parseShape(text: string): Shape {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [, name, size] = /^\s*(\w+)\s*=\s*(\d+)\s*$/.exec(part) ?? [];
      if (name && size) return [name, Number(size)];
      throw new EspalierError(
        'bad-config',
        `--shape must name sizes, such as m=128,n=1024, not ${quoted(text)}.`,
      );
    }),
  );
}

/** Minutes of measuring should not end at a file that cannot be written. */
async function requireWritable(flag: string, file: string): Promise<void> {
  const folder = dirname(resolve(file));
  const fail = (why: string, cause?: unknown) =>
    new EspalierError('bad-config', `${flag} ${file}: ${why}.`, { cause });
  const found = await stat(folder).catch((cause: unknown) => {
    throw fail(`there is no folder ${folder}`, cause);
  });
  if (!found.isDirectory()) throw fail(`${folder} is a file, not a folder`);
  const own = await stat(file).catch(() => undefined);
  if (own?.isDirectory()) throw fail('that is a folder; name a file');
  if (own) {
    await access(file, constants.W_OK).catch((cause: unknown) => {
      throw fail('it is there and cannot be written', cause);
    });
    // A device or a pipe is written to where it lies.
    if (!own.isFile()) return;
  }
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw fail(`the folder ${folder} may not be written to`, cause);
  });
}
