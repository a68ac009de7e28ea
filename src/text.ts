/** 12345 → `12,345` */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 pass`, `3 passes` */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** 4404019 → `4.2 MiB` */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** A word as a shell reads it back. */
export function shellWord(word: string): string {
  return /^[\w.,/:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
