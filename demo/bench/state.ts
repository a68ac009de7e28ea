import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Baseline } from '../../bench/baseline.js';
import { BENCH_NAMES, type BenchEvent, bench } from '../../bench/bench.js';
import type { BenchRequest } from '../../bench/plan.js';
import { type BenchEntry, parseReport } from '../../bench/report.js';
import type { PathFile } from '../model/dropped.js';
import { fetchSource } from '../state/data.js';
import { createDrive, type Mode } from '../state/drive.js';
import type { Page } from '../state/page.js';
import { pageText } from '../state/wording.js';
import { NAMES, PEERS } from './peers.js';
import {
  type BenchRecord,
  benchRows,
  emptyRecord,
  forgetRecord,
  keepRecord,
  keptRecord,
  type Row,
  recordWith,
} from './record.js';

/** What a user waits for, before the kernels that it consists of. */
const TASKS = ['sgd-step', 'selection', 'resnet20-forward'];

const SCOPES = {
  all: [...TASKS, ...BENCH_NAMES.kernels],
  tasks: TASKS,
  kernels: BENCH_NAMES.kernels,
} as const;

/** What is timed. */
export type Scope = keyof typeof SCOPES;

const SCOPE = 'bench.scope';
const WITH_PEERS = 'bench.peers';

/** The same shapes on every machine. The built-in digits are too few for the first of a selection. */
function requestFor(scope: Scope, withPeers: boolean): BenchRequest {
  return {
    names: SCOPES[scope],
    quick: true,
    shapes: { selection: { n: 256, m: 1000 } },
    ...(!withPeers && { subjects: ['espalier'] }),
  };
}

interface Now {
  readonly work: string;
  readonly doing: string;
}

export interface Benching {
  readonly mode: ReadonlySignal<Mode>;
  /** The error that ended the benchmark. It cannot go on after an error. */
  readonly error: ReadonlySignal<unknown>;
  readonly scope: ReadonlySignal<Scope>;
  /** Whether the peers do the same work; undefined in a page that has none. */
  readonly withPeers: ReadonlySignal<boolean> | undefined;
  readonly rows: ReadonlySignal<readonly Row[]>;
  /** What was found here, now or before the page was loaded. */
  readonly record: ReadonlySignal<BenchRecord | undefined>;
  /** Whether the record is of an earlier visit. */
  readonly earlier: ReadonlySignal<boolean>;
  /** Whether the browser keeps the record. */
  readonly keeps: ReadonlySignal<boolean>;
  /** The work at hand, and what is done with it. */
  readonly now: ReadonlySignal<Now | undefined>;
  /** The results that these are compared with. */
  readonly baseline: ReadonlySignal<Baseline | undefined>;
  /** What is wrong with the file that was brought to compare with. */
  readonly fault: ReadonlySignal<string | undefined>;
  choose(scope: Scope): void;
  invite(peers: boolean): void;
  /** Compares with a benchmark's JSON file. */
  compareWith(files: readonly PathFile[]): Promise<void>;
  compareNoMore(): void;
  start(): void;
  resume(): void;
  pause(): void;
  reset(): Promise<void>;
}

export function createBenching(page: Page): Benching {
  const record = signal(keptRecord());
  const earlier = signal(record.value !== undefined);
  const keeps = signal(true);
  const now = signal<Now | undefined>();
  const baseline = signal<Baseline | undefined>();
  const fault = signal<string | undefined>();
  const started = signal('');

  const heard = (event: BenchEvent) => {
    switch (event.type) {
      case 'started':
        record.value = emptyRecord(event, started.value, PEERS?.versions);
        break;
      case 'contest':
        now.value = { work: event.work, doing: 'checking' };
        break;
      case 'awaited':
        now.value = {
          work: event.entry.work,
          doing: `waiting for ${NAMES[event.entry.subject]} at`,
        };
        break;
      case 'verified':
        now.value = { work: event.entry.work, doing: timingOf(event.entry.subject) };
        break;
      default:
        if (!record.value) return;
        record.value = recordWith(record.value, event);
        keeps.value = keepRecord(record.value);
    }
  };
  const timingOf = (subject: BenchEntry['subject']) =>
    withPeers.value ? `timing ${NAMES[subject]} at` : 'timing';
  const drive = createDrive<BenchEvent, void>('bench', page.turn, {
    heard,
    done: () => undefined,
  });

  const forget = () =>
    batch(() => {
      record.value = undefined;
      earlier.value = false;
      now.value = undefined;
    });

  const scope = computed((): Scope => {
    const named = page.kept.value[SCOPE];
    return named === 'tasks' || named === 'kernels' ? named : 'all';
  });

  const withPeers = computed(() => PEERS !== undefined && page.kept.value[WITH_PEERS] === 'yes');
  const request = computed(() => requestFor(scope.value, withPeers.value));

  const start = () => {
    if (page.turn.value) return;
    page.dismiss();
    forget();
    started.value = new Date().toISOString();
    drive.start(async (abort) => {
      const device = await page.connected();
      const peers = withPeers.value ? await PEERS?.load() : undefined;
      // The built-in digits, whatever is in Play: every machine does the same work.
      const source = scope.value === 'kernels' ? undefined : await fetchSource('small', () => {});
      const input = { request: request.value, source };
      return bench(device, input, { signal: abort, ...(peers && { peers }) });
    });
  };

  drive.error.subscribe((error) => {
    if (error === undefined) return;
    page.complain(error, { label: 'Run again', act: start });
  });

  const compareWith = async (files: readonly PathFile[]) => {
    const [first] = files;
    if (!first) {
      fault.value = 'There is no file in it: drop the .json that Save JSON wrote.';
      return;
    }
    try {
      const report = parseReport(await first.file.text(), first.path);
      batch(() => {
        baseline.value = { file: first.path, report };
        fault.value = undefined;
      });
    } catch (error) {
      // What is wrong within it says nothing about a file that is of another kind.
      fault.value = /\.json$/i.test(first.path)
        ? pageText(error)
        : `${first.path} is not a benchmark’s file: drop the .json that Save JSON or espalier bench --json wrote.`;
    }
  };

  // What was stopped does not go on with other work.
  const keep = (name: typeof SCOPE | typeof WITH_PEERS, value: string | undefined) => {
    if (drive.mode.value === 'stopped') void drive.halt();
    page.keep(name, value);
  };

  return {
    mode: drive.mode,
    error: drive.error,
    scope,
    withPeers: PEERS && withPeers,
    rows: computed(() => benchRows(request.value, record.value)),
    record,
    earlier,
    keeps,
    now,
    baseline,
    fault,
    choose: (next) => keep(SCOPE, next === 'all' ? undefined : next),
    invite: (peers) => keep(WITH_PEERS, peers ? 'yes' : undefined),
    compareWith,
    compareNoMore: () => {
      baseline.value = undefined;
    },
    start,
    resume: drive.resume,
    pause: drive.pause,
    reset: async () => {
      await drive.halt();
      forgetRecord();
      forget();
    },
  };
}
