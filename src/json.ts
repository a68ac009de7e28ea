import { EspalierError } from './errors.js';
import { decodedText } from './text.js';

/** No file of ours is nested deeper; what reads one recursively has room for as much everywhere. */
const MOST_LEVELS = 32;

/** A configuration or a record: the longest are some thousands of characters. */
const MOST_RECORD_CHARACTERS = 1_000_000;

/**
 * Parses JSON that may come from anywhere: UTF-8 or, by its byte order mark, UTF-16.
 *
 * @param mostCharacters that are accepted.
 * @throws Error that says what is wrong, for callers to say of which file.
 */
export function parseJson(
  given: Uint8Array | string,
  mostCharacters = MOST_RECORD_CHARACTERS,
): unknown {
  const { length } = given;
  // Not before its size is known: a text of bytes has at most as many characters, UTF-16 half of it.
  const text = length > 2 * mostCharacters ? '' : decodedText(given);
  if (length > 2 * mostCharacters || text.length > mostCharacters) {
    throw new Error(`its length is ${length}, above the ${mostCharacters} that are read`);
  }
  if (isDeep(text)) throw new Error(`it is nested more than ${MOST_LEVELS} levels deep`);
  return JSON.parse(text);
}

/** Makes the error of a line that is no record. */
export type RecordFailure = (why: string, cause?: unknown) => EspalierError;

/**
 * A line of a file of records, parsed, and the error for a caller who finds that it is no such record.
 *
 * @param lost what is computed again once the line is removed, such as "its cell".
 * @throws bad-data naming file and line when it is not JSON.
 */
export function parseRecordLine(
  line: string,
  { file, number, lost }: { readonly file: string; readonly number: number; readonly lost: string },
): { readonly value: unknown; readonly fail: RecordFailure } {
  const fail: RecordFailure = (why, cause) =>
    new EspalierError(
      'bad-data',
      `${file}, line ${number}, is corrupt (${why}). Remove that line to have ${lost} computed again.`,
      { cause },
    );
  try {
    return { value: parseJson(line), fail };
  } catch (cause) {
    throw fail('it is not JSON', cause);
  }
}

/** Whether brackets nest deeper than is read. Of a text that is no JSON it may say anything. */
function isDeep(text: string): boolean {
  let level = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
    } else if (char === '[' || char === '{') {
      if (++level > MOST_LEVELS) return true;
    } else if (char === ']' || char === '}') level--;
  }
  return false;
}
