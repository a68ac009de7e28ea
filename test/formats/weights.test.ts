import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint.js';
import { encodePyTorch } from '../../src/formats/pytorch-write.js';
import { decodeMetadata } from '../../src/formats/safetensors.js';
import { decodeWeights, encodeWeights } from '../../src/formats/weights.js';
import { listZip } from '../../src/formats/zip.js';
import { fuzz, truncate } from '../fuzz.js';
import { isShared, sharedPath } from '../shared.js';
import { stored, tensor, zippedCheckpoint } from './pytorch-files.js';

const CHECKPOINT: Checkpoint = {
  weights: new Map([
    ['conv.weight', { shape: [2, 1, 1, 2], data: Float32Array.of(1, -2, 3.5, 2 ** -149) }],
    ['bn.running_var', { shape: [2], data: Float32Array.of(0.25, 4) }],
  ]),
  counters: new Map([
    ['bn.num_batches_tracked', { shape: [], data: BigInt64Array.of(-(2n ** 60n)) }],
  ]),
  passedOver: [],
  texts: new Map([['architecture', 'resnet8']]),
};

test('weights and counters survive safetensors, with what the file says of itself', () => {
  const bytes = encodeWeights(CHECKPOINT, { architecture: 'resnet8' });
  const texts = [
    ['format', 'pt'],
    ['architecture', 'resnet8'],
  ] as const;
  expect(decodeWeights(bytes, 'f')).toEqual({ ...CHECKPOINT, texts: new Map(texts) });
  expect([...decodeMetadata(bytes, 'f')].slice(0, -1)).toEqual(texts);
  const { weights } = CHECKPOINT;
  const expected = { ...CHECKPOINT, counters: new Map(), texts: new Map([['format', 'pt']]) };
  expect(decodeWeights(encodeWeights({ weights }), 'f')).toEqual(expected);
});

test('a file that was changed is refused, whatever it holds, and one without a checksum is read', () => {
  const bytes = encodeWeights(CHECKPOINT, { architecture: 'resnet8' });
  for (let at = bytes.indexOf(0x7b); at < bytes.length; at++) {
    const mutant = bytes.with(at, bytes[at]! ^ 1);
    let read: Checkpoint;
    try {
      read = decodeWeights(mutant, 'the-file');
    } catch (error) {
      expect(error).toMatchObject({
        code: 'bad-data',
        message: expect.stringMatching(/^the-file /),
      });
      continue;
    }
    // Without the name of the checksum, or with the same number in another word, nothing tells.
    const whole = { ...CHECKPOINT, texts: expect.any(Map) };
    if (!decodeMetadata(mutant, 'f').has('contents-crc32')) continue;
    expect(read).toEqual(whole);
  }
  const again = encodeWeights(CHECKPOINT, Object.fromEntries(decodeMetadata(bytes, 'f')));
  expect(again).toEqual(bytes);
});

test('weights, counters and texts survive what torch.save would have written, the same each time', () => {
  const bytes = encodePyTorch(CHECKPOINT, { architecture: 'resnet8' });
  expect(decodeWeights(bytes, 'f')).toEqual(CHECKPOINT);
  expect(encodePyTorch(CHECKPOINT, { architecture: 'resnet8' })).toEqual(bytes);
  // What torch.load reads first, and refuses a file without.
  const entries = listZip(bytes, 'f');
  expect([...entries.keys()].filter((name) => !name.includes('/data/'))).toEqual([
    'archive/data.pkl',
    'archive/byteorder',
    'archive/version',
  ]);
});

/** A safetensors file of one tensor of two elements under each name. */
function fileWith(tensors: Readonly<Record<string, readonly [dtype: string, bytes: Uint8Array]>>) {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, [dtype, { length }]]) => {
    end += length;
    return [name, { dtype, shape: [2], data_offsets: [end - length, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, ...Object.values(tensors).map(([, bytes]) => bytes)]);
}

const raw = (data: ArrayBufferView) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

test('floating-point tensors of any precision are widened or rounded, others passed over', () => {
  const found = decodeWeights(
    fileWith({
      'module.odd': ['I8', Uint8Array.of(1, 2)],
      'module.half': ['F16', raw(Uint16Array.of(0x3c01, 0xfc00))],
      'module.brain': ['BF16', raw(Uint16Array.of(0x3f81, 0xff80))],
      'module.double': ['F64', raw(Float64Array.of(0.1, -0))],
      'module.count': ['I64', raw(BigInt64Array.of(1n, -1n))],
      'module.mask': ['BOOL', Uint8Array.of(1, 0)],
    }),
    'f',
  );
  expect(Object.fromEntries(found.weights)).toEqual({
    half: { shape: [2], data: Float32Array.of(1 + 2 ** -10, Number.NEGATIVE_INFINITY) },
    brain: { shape: [2], data: Float32Array.of(1 + 2 ** -7, Number.NEGATIVE_INFINITY) },
    double: { shape: [2], data: Float32Array.of(0.1, -0) },
  });
  expect([...found.counters]).toEqual([['count', { shape: [2], data: BigInt64Array.of(1n, -1n) }]]);
  expect(found.passedOver).toEqual(['odd', 'mask']);
});

test('the contents decide what a file is', () => {
  const bias = stored('0', 'FloatStorage', Float32Array.of(1, 2));
  const pytorch = zippedCheckpoint(new Map([['fc.bias', tensor(bias)]]), [bias]);
  const { weights } = decodeWeights(pytorch, 'net.safetensors');
  expect(decodeWeights(encodeWeights({ weights }), 'net.pth').weights).toEqual(weights);
  expect(() => decodeWeights(Buffer.from('\x08\x06onnx graph'), 'net.onnx')).toThrow(
    expect.objectContaining({
      code: 'bad-data',
      message: expect.stringMatching(/^net.onnx .* begins neither as safetensors do nor/),
    }),
  );
});

describe('untrusted bytes', () => {
  const bytes = encodeWeights(CHECKPOINT);

  test('a file that breaks off is refused at every byte', () => truncate(bytes, decodeWeights));

  test('a mutant is refused, or as large as its file says', () => {
    fuzz(bytes, decodeWeights, ({ weights, counters }, { length }) => {
      let size = 0;
      for (const { shape, data } of [...weights.values(), ...counters.values()]) {
        expect(data.length).toBe(shape.reduce((elements, extent) => elements * extent, 1));
        size += data.byteLength;
      }
      expect(size).toBeLessThanOrEqual(2 * length);
    });
  });
});

describe.skipIf(!isShared)('a trained network (left out where ../shared is missing)', () => {
  test('comes out of safetensors as it came out of PyTorch', () => {
    const trained = decodeWeights(readFileSync(sharedPath('models/resnet20-12fca82f.th')), 'f');
    const again = decodeWeights(encodeWeights(trained), 'f');
    expect(again).toEqual({ ...trained, passedOver: [], texts: new Map([['format', 'pt']]) });
  });
});
