import { decodedText } from './text.js';

/** No file of ours is nested deeper; what reads one recursively has room for as much everywhere. */
const MOST_LEVELS = 32;

/** A configuration or a record: the longest are some thousands of characters. */
export const MOST_RECORD_CHARACTERS = 1_000_000;

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
