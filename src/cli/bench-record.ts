import type { BenchEvent } from '../../bench/bench.js';
import type { BenchReport, BenchResult } from '../../bench/report.js';
import type { Host } from '../hosts/host.js';
import { findPackage } from '../hosts/packages.js';
import type { Disturbance, Omission } from './bench-table.js';

type Started = Extract<BenchEvent, { type: 'started' }>;

/** What a benchmark has found so far. It may be interrupted before its end. */
export interface BenchRecord {
  /** Where it is measured, and the adapter's limits; undefined until those are measured. */
  readonly started: Started | undefined;
  readonly results: readonly BenchResult[];
  readonly omissions: readonly Omission[];
  readonly disturbances: readonly Disturbance[];
  keep(event: BenchEvent): void;
}

export function createBenchRecord(): BenchRecord {
  let started: Started | undefined;
  const results: BenchResult[] = [];
  const omissions: Omission[] = [];
  const disturbances: Disturbance[] = [];
  return {
    get started() {
      return started;
    },
    results,
    omissions,
    disturbances,
    keep: (event) => {
      switch (event.type) {
        case 'started':
          started = event;
          break;
        case 'measured':
          results.push(event.result);
          break;
        case 'refused':
          results.push(event.result);
          omissions.push({ entry: event.result, reason: event.reason, wrong: true });
          break;
        case 'skipped':
          omissions.push({ ...event, wrong: false });
          break;
        case 'disturbed':
          disturbances.push(event);
      }
    },
  };
}

/** Where and when a benchmark was measured, beside what its job knows. */
export interface Sitting {
  readonly date: string;
  readonly host: Host<never>['kind'];
  /** Of this package. */
  readonly version: string;
}

/** The report on what is measured once it has started. */
export async function benchReport(
  { started, results, disturbances }: BenchRecord,
  { date, host, version }: Sitting,
): Promise<BenchReport> {
  if (!started) throw new Error('The benchmark has not started.');
  const { adapter, limits, browser } = started;
  const dawn = host === 'node' ? (await findPackage('webgpu'))?.version : undefined;
  const peers = started.peers.filter(({ subject }) =>
    results.some((result) => result.subject === subject),
  );
  const versions = {
    espalier: version,
    node: process.versions.node,
    ...(dawn && { webgpu: dawn }),
    ...(browser && { chrome: browser }),
    ...Object.fromEntries(
      await Promise.all(
        peers.map(async ({ subject, package: name }) => {
          return [subject, (await findPackage(name))?.version ?? 'unknown'] as const;
        }),
      ),
    ),
  };
  const disturbed = disturbances.map(({ work, share }) => ({ work, share }));
  return { date, adapter, host, versions, limits, disturbed, results: [...results] };
}
