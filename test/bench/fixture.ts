import type { BenchReport, MeasuredResult } from '../../bench/report.js';

const LIMITS = { copyGBps: 4, fmaGflops: 50, dispatchMicros: 20, submitMicros: 40 };

export function sampleResult(work: string, changes: Partial<MeasuredResult> = {}): MeasuredResult {
  return {
    work,
    shape: { m: 128, n: 1024 },
    subject: 'espalier',
    variant: 'default',
    verified: true,
    medianMs: 10,
    lowMs: 9,
    highMs: 11,
    gflops: 2,
    gbps: 1,
    shareOfLimit: 0.25,
    ...changes,
  };
}

export function sampleReport(results: BenchReport['results']): BenchReport {
  return {
    date: '2026-11-22T17:00:00.000Z',
    adapter: {
      name: 'a card',
      vendor: 'maker',
      architecture: 'seventh',
      device: 'a card',
      driver: 'driver 1.2',
      kind: 'hardware',
    },
    host: 'node',
    versions: { espalier: '0.1.0', node: '20.20.2', webgpu: '0.6.2' },
    limits: LIMITS,
    results,
  };
}
