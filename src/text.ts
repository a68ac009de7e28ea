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

/** Characters of untrusted text that a message shows. */
const MOST_QUOTED = 60;

/**
 * Untrusted text as a message may show it: in quotes, on one line and cut, without a character that a
 * terminal or a page takes for more than a letter.
 */
export function quoted(text: string): string {
  const shown = text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text;
  return escaped(JSON.stringify(shown));
}

/** Control characters (also of writing direction), line ends and halves of pairs as `\u{1b}`. */
export function escaped(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
