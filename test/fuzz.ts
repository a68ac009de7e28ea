import { expect } from 'vitest';
import { EspalierError } from '../src/errors.js';
import { type RandomStream, randomStream } from '../src/random.js';

/** Mutants of a file that a test tries: a few hundred, or as many as ESPALIER_FUZZ says. */
export const MUTANTS = Number(process.env.ESPALIER_FUZZ ?? 300);

/** Bytes that lengths, offsets and operations turn on. */
const TELLING = [0, 1, 2, 0x28, 0x2e, 0x7d, 0x7f, 0x80, 0xfe, 0xff];

/**
 * What `read` makes of `count` mutants of a file, each with one to four changes: a bit flipped, a byte
 * replaced, bytes left out, doubled or exchanged. What it throws must name the file, be `bad-data` or
 * `bad-network`, and fit to be shown.
 *
 * @param check judges what was read nevertheless.
 */
export function fuzz<Result>(
  bytes: Uint8Array,
  read: (bytes: Uint8Array<ArrayBuffer>, file: string) => Result,
  check: (result: Result, mutant: Uint8Array) => void,
  count = MUTANTS,
): void {
  const random = randomStream(bytes.length, 'fuzz');
  for (let i = 0; i < count; i++) {
    let mutant = Uint8Array.from(bytes);
    for (let changes = 1 + random.below(4); changes > 0; changes--)
      mutant = changed(mutant, random);
    const result = readOrRefuse(mutant, read);
    if (result !== undefined) check(result, mutant);
  }
}

/** What `read` makes of every beginning of a file: it must refuse each. */
export function truncate(
  bytes: Uint8Array,
  read: (bytes: Uint8Array<ArrayBuffer>, file: string) => unknown,
): void {
  for (let size = 0; size < bytes.length; size++) {
    const result = readOrRefuse(Uint8Array.from(bytes.subarray(0, size)), read);
    if (result !== undefined) throw new Error(`the first ${size} bytes were taken for the whole`);
  }
}

function readOrRefuse<Result>(
  bytes: Uint8Array<ArrayBuffer>,
  read: (bytes: Uint8Array<ArrayBuffer>, file: string) => Result,
): Result | undefined {
  try {
    return read(bytes, 'the-file');
  } catch (error) {
    expect(requireShown(error, ['bad-data', 'bad-network'])).toContain('the-file');
    return undefined;
  }
}

/** The message of an error of ours, which a terminal and a page may show. */
function requireShown(error: unknown, codes: readonly string[]): string {
  if (!(error instanceof EspalierError)) throw error;
  const { code, message } = error;
  expect(codes).toContain(code);
  expect(message).not.toMatch(/[^\P{Cc}\n]/u);
  expect(message.length, message).toBeLessThan(1000);
  return message;
}

/** Values that no reader expects. */
const ODD: readonly unknown[] = [
  ...[null, true, 0, -1, -0, 1.5, 1e-300, 1e300, 2 ** 31, 2 ** 53, -(2 ** 53)],
  ...['', 'full', '1', 'NaN', '__proto__', '../..', '\u001b]0;x\u0007', 'x'.repeat(3000)],
  ...[[], [1], [[]], [1, 1], [3, 2, 1], {}, { a: 1 }],
];

/**
 * What `read` makes of `count` texts of JSON in which one or two values were replaced by odd ones, left
 * out, or joined by one of another name. What it throws must be a `bad-…` and fit to be shown.
 *
 * @param check judges what was read nevertheless.
 */
export function fuzzJson<Result>(
  value: object,
  read: (text: string, file: string) => Result,
  check: (result: Result) => void = () => undefined,
  count = MUTANTS,
): void {
  const random = randomStream(JSON.stringify(value).length, 'fuzz');
  for (let i = 0; i < count; i++) {
    const mutant = structuredClone(value);
    for (let changes = 1 + random.below(2); changes > 0; changes--) changeJson(mutant, random);
    let result: Result;
    try {
      result = read(JSON.stringify(mutant), 'the-file');
    } catch (error) {
      requireShown(error, ['bad-data', 'bad-network', 'bad-config']);
      continue;
    }
    check(result);
  }
}

function changeJson(value: object, random: RandomStream): void {
  const places = placesIn(value);
  const [parent, key] = places[random.below(places.length)] ?? [value, 'a'];
  const odd = structuredClone(ODD[random.below(ODD.length)]);
  const kind = random.below(6);
  if (kind === 0) Reflect.deleteProperty(parent, key);
  else Reflect.set(parent, kind === 1 ? `${key}x` : key, odd);
}

/** Each value within, by what holds it and its key there. */
function placesIn(value: object): readonly (readonly [object, string])[] {
  return Object.entries(value).flatMap(([key, own]) => [
    [value, key] as const,
    ...(typeof own === 'object' && own !== null ? placesIn(own) : []),
  ]);
}

/** One change somewhere: a bit flipped, a byte replaced, bytes left out, doubled or exchanged. */
export function changed(
  bytes: Uint8Array<ArrayBuffer>,
  random: RandomStream,
): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length);
  const size = 1 + random.below(Math.min(16, bytes.length - at));
  const [before, piece, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + size),
    bytes.subarray(at + size),
  ];
  const kind = random.below(6);
  if (kind === 0 && bytes.length > size) return joined(before, after);
  if (kind === 1) return joined(before, piece, piece, after);
  if (kind === 2) return joined(before, piece.toReversed(), after);
  if (kind === 3) return joined(before, piece.slice().fill(0xff), after);
  const value =
    kind === 4 ? TELLING[random.below(TELLING.length)]! : bytes[at]! ^ (1 << random.below(8));
  return joined(before, Uint8Array.of(value), bytes.subarray(at + 1));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
