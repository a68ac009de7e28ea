export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** 0.8607 → 86.1% */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** 407296 → 407 k */
export function short(value: number): string {
  if (value < 10_000) return grouped(value);
  return value < 999_500 ? `${Math.round(value / 1000)} k` : `${(value / 1e6).toPrecision(3)} M`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
