import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import {
  BENCH_NAMES,
  type BenchEvent,
  type BenchOutput,
  contestsOf,
  needsSource,
} from '../../bench/bench.js';
import { type Shape, shapeLabel } from '../../bench/benchmark.js';
import type { BenchRequest } from '../../bench/plan.js';
import { type BenchEntry, type BenchReport, SUBJECTS } from '../../bench/report.js';
import { readImageSource } from '../data/folder.js';
import { EspalierError } from '../errors.js';
import type { HostChoice } from '../hosts/choose.js';
import type { AdapterPreference, Host } from '../hosts/host.js';
import { findPeer } from '../hosts/peers.js';
import { withBenchHost } from './bench-host.js';
import { benchTable, type Disturbance, type Omission } from './bench-table.js';
import { adapterOption, hostOption } from './info.js';
import { interruptSignal } from './outcome.js';

interface BenchFlags {
  readonly host: HostChoice;
  readonly adapter: AdapterPreference;
  readonly kernel?: readonly string[];
  readonly work?: readonly string[];
  readonly shape?: string;
  readonly variant?: string;
  readonly subject?: readonly BenchEntry['subject'][];
  readonly quick?: true;
  readonly json?: string;
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
    .addOption(new Option('--kernel <names...>', 'kernels by name').choices(kernels))
    .addOption(new Option('--work <names...>', 'whole tasks by name').choices(works))
    .option('--shape <sizes>', 'only shapes with these sizes, such as m=128,n=1024')
    .option('--variant <name>', 'only this variant of the kernels that have it')
    .addOption(
      new Option('--subject <names...>', 'who takes part; by default all that are there').choices(
        SUBJECTS,
      ),
    )
    .option('--quick', 'one shape each, in a third of the time')
    .option('--json <file>', 'also write the results to this file')
    .addHelpText(
      'after',
      `
Without a name: sgd-step, selection and every kernel, at one shape each.
Every answer is verified in float64 before it is timed.

In a checkout, npm run bench puts two peers, jax-js and TensorFlow.js, in the same run, page and
adapter, for matmul and every task. They run in Chrome, so that --host auto takes Chrome for these
where Chrome reaches the adapter; --subject espalier leaves them out.

Examples:
  espalier bench                                     what stands for all
  espalier bench selection --host chrome             the selection in headless Chrome
  espalier bench --kernel matmul --shape m=1024      every variant, at the shapes with m = 1024
  espalier bench --kernel gram-rows --variant lanes  one variant, at every shape
  espalier bench matmul --subject espalier           without the peers
  espalier bench --quick --json bench.json           a first impression, kept`,
    )
    .action(async (names: readonly string[], flags: BenchFlags) => {
      const request: BenchRequest = {
        names: [...names, ...(flags.kernel ?? []), ...(flags.work ?? [])],
        quick: flags.quick === true,
        ...(flags.shape !== undefined && { shape: parseShape(flags.shape) }),
        ...(flags.variant !== undefined && { variant: flags.variant }),
        ...(flags.subject !== undefined && { subjects: flags.subject }),
      };
      contestsOf(request);
      if (flags.json) await requireWritable(flags.json);
      await execute(request, flags, version);
    });
}

async function execute(request: BenchRequest, flags: BenchFlags, version: string): Promise<void> {
  const source = needsSource(request) ? await readImageSource('mnist') : undefined;
  const { signal, release } = interruptSignal();
  const omissions: Omission[] = [];
  const disturbances: Disturbance[] = [];
  let clock = 'wall';
  const onEvent = (event: BenchEvent) => {
    if (event.type === 'limits') clock = event.clock;
    if (event.type === 'skipped') omissions.push({ ...event, wrong: false });
    if (event.type === 'refused') {
      omissions.push({ entry: event.result, reason: event.reason, wrong: true });
    }
    if (event.type === 'disturbed') disturbances.push(event);
    const line = describe(event);
    if (line) process.stderr.write(`${line}\n`);
  };
  process.stderr.write('Measuring what the adapter can do …\n');
  try {
    const report = await withBenchHost(request, flags, async (host): Promise<BenchReport> => {
      const output = await host.execute('bench', { request, source }, { onEvent, signal });
      const { adapter, limits, results } = output;
      const versions = await versionsOf(host.kind, version, output);
      return { adapter, host: host.kind, versions, limits, results };
    });
    process.stdout.write(`${benchTable(report, { clock, omissions, disturbances })}\n`);
    if (flags.json) await writeFile(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    if (report.results.some(({ subject, verified }) => subject === 'espalier' && !verified)) {
      process.stderr.write('error: Not every answer was right; see the table.\n');
      process.exitCode = 1;
    }
  } finally {
    release();
  }
}

function describe(event: BenchEvent): string | undefined {
  switch (event.type) {
    case 'verified':
      return `${nameOf(event.entry)}: ${event.what}. Timing …`;
    case 'refused':
      return `${nameOf(event.result)}: WRONG, not timed: ${event.reason}.`;
    case 'skipped':
      return `${nameOf(event.entry)}: skipped: ${event.reason}`;
    case 'disturbed':
      return `Right after ${event.work} the adapter did ${Math.round(100 * event.share)} % of its multiply-add limit.`;
    default:
      return undefined;
  }
}

function nameOf({ work, shape, subject, variant }: BenchEntry): string {
  return `${work} ${shapeLabel(shape)} (${subject === 'espalier' ? variant : subject})`;
}

async function versionsOf(
  host: Host<never>['kind'],
  espalier: string,
  { browser, peers }: BenchOutput,
): Promise<Record<string, string>> {
  const dawn = host === 'node' ? (await findPeer('webgpu'))?.version : undefined;
  return {
    espalier,
    node: process.versions.node,
    ...(dawn && { webgpu: dawn }),
    ...(browser && { chrome: browser }),
    ...Object.fromEntries(await Promise.all(peers.map(versionOf))),
  };
}

async function versionOf({ subject, package: name }: BenchOutput['peers'][number]) {
  return [subject, (await findPeer(name))?.version ?? 'unknown'] as const;
}

/** @throws bad-config unless it reads `name=size,…`. */
function parseShape(text: string): Shape {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [, name, size] = /^\s*(\w+)\s*=\s*(\d+)\s*$/.exec(part) ?? [];
      if (name && size) return [name, Number(size)];
      throw new EspalierError(
        'bad-config',
        `--shape must name sizes, such as m=128,n=1024, not "${text}".`,
      );
    }),
  );
}

/** Minutes of measuring should not end at a folder that is not there. */
async function requireWritable(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  await access(folder).catch((cause: unknown) => {
    throw new EspalierError('bad-config', `--json ${file}: there is no folder ${folder}.`, {
      cause,
    });
  });
}
