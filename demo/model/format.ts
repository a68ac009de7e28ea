import { grouped } from '../../src/text.js';
/** 0.8607 → 86.1% */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** 407296 → 407 k */
export function short(value: number): string {
  if (value < 10_000) return grouped(value);
  return value < 999_500 ? `${Math.round(value / 1000)} k` : `${(value / 1e6).toPrecision(3)} M`;
}
