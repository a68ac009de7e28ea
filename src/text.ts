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
const MOST_QUOTED = 100;

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

/** Text as UTF-8 or, where a byte order mark says so, UTF-16; without the mark. */
export function decodedText(given: Uint8Array | string): string {
  if (typeof given === 'string') return given.replace(/^\ufeff/, '');
  const marked = (one: number, other: number) => given[0] === one && given[1] === other;
  const encoding = marked(0xff, 0xfe) ? 'utf-16le' : marked(0xfe, 0xff) ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(given);
}

/** No message of ours is longer: a shader's may have a hundred lines. */
const MOST_SHOWN = 10_000;

/** A text with untrusted parts as a terminal or a page may show it: not endless, and escaped but for its lines. */
export function shown(text: string): string {
  const cut = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  return cut.split('\n').map(escaped).join('\n');
}
