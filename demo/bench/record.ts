import { type BenchEvent, browserVersion, requestedContests } from '../../bench/bench.js';
import type { Shape } from '../../bench/benchmark.js';
import type { BenchRequest } from '../../bench/plan.js';
import {
  type BenchEntry,
  type BenchReport,
  type MeasuredResult,
  parseReport,
  SUBJECTS,
} from '../../bench/report.js';
import { version } from '../../package.json';
import { browserName } from '../model/browser.js';

/** What a benchmark has found: the command line's report, and why some work has no figures. */
export interface BenchRecord {
  readonly report: BenchReport;
  /** By `troubleKey`. */
  readonly troubles: Readonly<Record<string, string>>;
}

/** What is known of one who does a work: its figures, or the reason why it has none. */
export interface Outcome {
  readonly result?: MeasuredResult;
  readonly trouble?: string;
}

/** A line of the table: a work at one shape as this library does it, and as its peers do. */
export interface Row extends Outcome {
  readonly work: string;
  readonly shape: Shape;
  readonly rivals: readonly Rival[];
}

export interface Rival extends Outcome {
  readonly subject: BenchEntry['subject'];
}

/**
 * The record of a benchmark that has just begun.
 *
 * @param versions of the packages that the peers come from.
 */
export function emptyRecord(
  { adapter, limits, peers }: Extract<BenchEvent, { type: 'started' }>,
  date: string,
  versions: Readonly<Record<string, string>> = {},
): BenchRecord {
  const chrome = browserVersion();
  const others = peers.map(({ subject, package: name }) => [subject, versions[name] ?? 'unknown']);
  return {
    report: {
      date,
      adapter,
      host: 'browser',
      versions: {
        espalier: version,
        ...(chrome ? { chrome } : { browser: browserName() }),
        ...Object.fromEntries(others),
      },
      limits,
      wallStepMicros: wallStepMicros(),
      disturbed: [],
      results: [],
    },
    troubles: {},
  };
}

/** The record with what an event tells. */
export function recordWith({ report, troubles }: BenchRecord, event: BenchEvent): BenchRecord {
  const trouble = (entry: BenchEntry, why: string) => ({ ...troubles, [troubleKey(entry)]: why });
  switch (event.type) {
    case 'measured':
      return { report: { ...report, results: [...report.results, event.result] }, troubles };
    case 'refused':
      return {
        report: { ...report, results: [...report.results, event.result] },
        troubles: trouble(event.result, `wrong, so not timed: ${event.reason}`),
      };
    case 'skipped':
      return { report, troubles: trouble(event.entry, `cannot run here: ${event.reason}`) };
    case 'disturbed': {
      const { work, share } = event;
      const disturbed = [...(report.disturbed ?? []), { work, share }];
      return { report: { ...report, disturbed }, troubles };
    }
    default:
      return { report, troubles };
  }
}

const PEERS = SUBJECTS.filter((subject) => subject !== 'espalier');

/** The lines of a request, filled in as far as the record goes. */
export function benchRows(request: BenchRequest, record: BenchRecord | undefined): readonly Row[] {
  return requestedContests(request).map(({ benchmark, case: { shape } }) => {
    const { name: work } = benchmark;
    const rivals = PEERS.map((subject) => ({ subject, ...outcomeOf(work, subject, record) }));
    return {
      ...{ work, shape, ...outcomeOf(work, 'espalier', record) },
      rivals: rivals.filter(isKnown),
    };
  });
}

function outcomeOf(
  work: string,
  subject: BenchEntry['subject'],
  record: BenchRecord | undefined,
): Outcome {
  const result = record?.report.results.find(
    (each) => each.work === work && each.subject === subject,
  );
  const trouble = record?.troubles[troubleKey({ work, subject })];
  return { ...(result?.verified && { result }), ...(trouble !== undefined && { trouble }) };
}

function isKnown({ result, trouble }: Outcome): boolean {
  return result !== undefined || trouble !== undefined;
}

function troubleKey({ work, subject }: Pick<BenchEntry, 'work' | 'subject'>): string {
  return `${work} ${subject}`;
}

const KEY = 'espalier.bench';

/** Keeps the record over a reload. Returns whether the browser keeps anything. */
export function keepRecord(record: BenchRecord): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(record));
    return true;
  } catch {
    return false;
  }
}

/** The kept record; undefined where there is none, or one that this version cannot read. */
export function keptRecord(): BenchRecord | undefined {
  try {
    const { report, troubles } = JSON.parse(localStorage.getItem(KEY) ?? '') as BenchRecord;
    const told = Object.entries(troubles).map(([work, why]) => [work, String(why)] as const);
    return {
      report: parseReport(JSON.stringify(report), 'What this browser has kept'),
      troubles: Object.fromEntries(told),
    };
  } catch {
    return undefined;
  }
}

export function forgetRecord(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

const STEPS = 20;

/** The finest step that the wall clock makes here: browsers make it coarse in their own ways. */
function wallStepMicros(): number {
  let least = Number.POSITIVE_INFINITY;
  for (let step = 0; step < STEPS; step++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    least = Math.min(least, now - start);
  }
  return 1000 * least;
}
