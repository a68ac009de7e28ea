import { expect, test } from 'vitest';
import { encodeSafetensors, type Tensor } from '../../src/formats/safetensors.js';
import { decodeSealed, encodeSealed } from '../../src/formats/sealed.js';
import { fuzz } from '../fuzz.js';

const TENSORS = {
  iteration: { dtype: 'U32', shape: [1], data: Uint32Array.of(7) },
  'hidden.weight': { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 4, 0, 6) },
} as const satisfies Record<string, Tensor>;
const METADATA = { iteration: '7' };
const BYTES = encodeSealed(TENSORS, METADATA);

test('tensors and metadata come back, and what others wrote is read without a seal', () => {
  const { tensors, metadata, sealed } = decodeSealed(BYTES, 'f');
  expect(Object.fromEntries(tensors)).toEqual(TENSORS);
  expect(metadata.get('iteration')).toBe('7');
  expect(sealed).toBe(true);
  const plain = decodeSealed(encodeSafetensors(TENSORS), 'f');
  expect([plain.tensors, plain.sealed]).toEqual([tensors, false]);
});

const text = Buffer.from(BYTES).toString('latin1');
const replaced = (from: string, to: string) => {
  expect(text).toContain(from);
  return new Uint8Array(Buffer.from(text.replace(from, to), 'latin1'));
};
const bitFlipped = (at: number) => BYTES.with(at < 0 ? BYTES.length + at : at, 1 ^ BYTES.at(at)!);

test.each<[string, Uint8Array]>([
  ['an element', bitFlipped(-1)],
  ['the first element', bitFlipped(-28)],
  ['a name', replaced('hidden.weight', 'hidden.weighs')],
  ['a shape', replaced('[2,3]', '[3,2]')],
  ['a type', replaced('U32', 'F32')],
  ['the other metadata', replaced('"iteration":"7"', '"iteration":"9"')],
  ['the checksum', replaced('contents-crc32":"', 'contents-crc32":"0').slice(0, -1)],
])('a file of which %s was changed is refused', (_, bytes) => {
  expect(() => decodeSealed(bytes, 'the-file')).toThrow(
    expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(/^the-file /) }),
  );
});

test('no mutant under its seal holds anything else', () => {
  fuzz(BYTES, decodeSealed, ({ tensors, metadata, sealed }) => {
    if (!sealed) return;
    expect(Object.fromEntries(tensors)).toEqual(TENSORS);
    expect(metadata.get('iteration')).toBe('7');
  });
});
