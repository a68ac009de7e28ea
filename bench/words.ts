import type { BenchReport, MeasuredResult } from './report.js';

/** Three digits, zeros at the end included so that columns align, or all before the point. */
export function threeDigits(value: number): string {
  return value >= 999.5 ? value.toFixed(0) : value.toPrecision(3);
}

/** The limit that the work comes nearest to. */
export function nearestLimit(
  { gflops, gbps }: MeasuredResult,
  { fmaGflops, copyGBps }: BenchReport['limits'],
): 'multiply-add' | 'copy' {
  return gflops / fmaGflops >= gbps / copyGBps ? 'multiply-add' : 'copy';
}

/** `12.3 %` */
export function percentOfLimit({ shareOfLimit }: MeasuredResult): string {
  return `${threeDigits(100 * shareOfLimit)} %`;
}

/** `12.3 % copy` */
export function shareOfNearestLimit(result: MeasuredResult, limits: BenchReport['limits']): string {
  return `${percentOfLimit(result)} ${nearestLimit(result, limits)}`;
}

/** Up to so many times an empty dispatch, a kernel's share of a limit says little. */
const FEW_DISPATCHES = 10;

/**
 * How many times as long as an empty dispatch it takes; undefined where that is so many that it is
 * bound by something else.
 */
export function emptyDispatches(
  { medianMs }: MeasuredResult,
  { dispatchMicros }: BenchReport['limits'],
): number | undefined {
  const times = (1000 * medianMs) / dispatchMicros;
  return times <= FEW_DISPATCHES ? times : undefined;
}
