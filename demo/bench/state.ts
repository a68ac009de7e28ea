import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import {
  BENCH_NAMES,
  type BenchEvent,
  bench,
  browserVersion,
  requestedContests,
} from '../../bench/bench.js';
import type { Shape } from '../../bench/benchmark.js';
import type { BenchRequest } from '../../bench/plan.js';
import type { BenchReport, BenchResult, MeasuredResult } from '../../bench/report.js';
import { version } from '../../package.json';
import { createDrive, type Mode } from '../state/drive.js';
import type { Page } from '../state/page.js';

/**
 * A kernel at one shape. `verified` is set when its results were checked, `result` when it was
 * timed, `trouble` when it was left out.
 */
export interface Row {
  readonly work: string;
  readonly shape: Shape;
  readonly verified?: boolean;
  readonly result?: MeasuredResult;
  readonly trouble?: string;
}

export type Limits = Extract<BenchEvent, { type: 'started' }>;

export interface Benching {
  readonly mode: ReadonlySignal<Mode>;
  /** The error that ended the benchmark. It cannot go on after an error. */
  readonly error: ReadonlySignal<unknown>;
  readonly limits: ReadonlySignal<Limits | undefined>;
  readonly rows: ReadonlySignal<readonly Row[]>;
  /** Kernels after which the adapter was slower or faster than when its limits were measured. */
  readonly disturbed: ReadonlySignal<readonly string[]>;
  /** The results so far, in the form of the command line's JSON file. */
  readonly report: ReadonlySignal<BenchReport | undefined>;
  start(): void;
  resume(): void;
  pause(): void;
  reset(): Promise<void>;
}

const REQUEST: BenchRequest = { names: BENCH_NAMES.kernels, quick: true };

export function createBenching(page: Page): Benching {
  const limits = signal<Limits | undefined>();
  const rows = signal(plannedRows());
  const results = signal<readonly BenchResult[]>([]);
  const disturbed = signal<readonly string[]>([]);
  const started = signal('');

  const mark = (work: string, patch: Partial<Row>) => {
    rows.value = rows.value.map((row) => (row.work === work ? { ...row, ...patch } : row));
  };
  const heard = (event: BenchEvent) => {
    switch (event.type) {
      case 'started':
        limits.value = event;
        break;
      case 'verified':
        mark(event.entry.work, { verified: true });
        break;
      case 'measured':
        results.value = [...results.value, event.result];
        mark(event.result.work, { result: event.result });
        break;
      case 'refused':
        results.value = [...results.value, event.result];
        mark(event.result.work, { trouble: `wrong, so not timed: ${event.reason}` });
        break;
      case 'skipped':
        mark(event.entry.work, { trouble: `cannot run here: ${event.reason}` });
        break;
      case 'disturbed':
        disturbed.value = [...disturbed.value, event.work];
    }
  };
  const drive = createDrive<BenchEvent, void>('bench', page.turn, {
    heard,
    done: () => undefined,
  });

  const forget = () =>
    batch(() => {
      limits.value = undefined;
      rows.value = plannedRows();
      results.value = [];
      disturbed.value = [];
    });

  const start = () => {
    if (page.turn.value) return;
    page.dismiss();
    forget();
    started.value = new Date().toISOString();
    drive.start(async (abort) =>
      bench(await page.connected(), { request: REQUEST, source: undefined }, { signal: abort }),
    );
  };

  drive.error.subscribe((error) => {
    if (error === undefined) return;
    page.complain(error, { label: 'Run again', act: start });
  });

  return {
    mode: drive.mode,
    error: drive.error,
    limits,
    rows,
    disturbed,
    report: computed(() => {
      const adapter = page.adapter.value;
      const measured = limits.value?.limits;
      if (!adapter || !measured) return undefined;
      const chrome = browserVersion();
      return {
        date: started.value,
        adapter,
        host: 'browser',
        versions: { espalier: version, ...(chrome && { chrome }) },
        limits: measured,
        results: [...results.value],
      };
    }),
    start,
    resume: drive.resume,
    pause: drive.pause,
    reset: async () => {
      await drive.halt();
      forget();
    },
  };
}

function plannedRows(): readonly Row[] {
  return requestedContests(REQUEST).map(({ benchmark, case: { shape } }) => ({
    work: benchmark.name,
    shape,
  }));
}
