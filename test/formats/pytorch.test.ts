import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { decodePyTorch } from '../../src/formats/pytorch.js';
import { isShared, sharedPath } from '../shared.js';
import {
  Call,
  Global,
  legacyCheckpoint,
  Operations,
  ORDERED,
  operations,
  pickled,
  type Stored,
  stored,
  Tuple,
  tensor,
  zippedCheckpoint,
} from './pytorch-files.js';

const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => i + 0.5);
const WEIGHT = stored('0', 'FloatStorage', numbers(6));
const BIAS = stored('1', 'FloatStorage', Float32Array.of(-1, 2 ** -149));
const STATE = new Map<string, unknown>([
  ['fc.weight', tensor(WEIGHT, { shape: [2, 3] })],
  ['fc.bias', tensor(BIAS)],
]);
const EXPECTED = new Map([
  ['fc.weight', { shape: [2, 3], data: numbers(6) }],
  ['fc.bias', { shape: [2], data: Float32Array.of(-1, 2 ** -149) }],
]);

const FORMS = [
  ['a zip archive', zippedCheckpoint],
  [
    'a plain zip archive',
    (root: unknown, storages: readonly Stored[]) =>
      zippedCheckpoint(root, storages, { wide: false, aligned: false, folder: 'net-3' }),
  ],
  ['the legacy form', legacyCheckpoint],
] as const;

describe.each(FORMS)('%s', (_, write) => {
  const read = (root: unknown, ...storages: readonly Stored[]) =>
    decodePyTorch(write(root, storages), 'f');

  test('gives tensors by name, with shapes and values', () => {
    const found = read(STATE, WEIGHT, BIAS);
    expect(found).toEqual({
      weights: EXPECTED,
      counters: new Map(),
      passedOver: [],
      texts: new Map(),
    });
  });

  test('lies at any offset within a larger buffer, and keeps no hold of it', () => {
    const bytes = write(STATE, [WEIGHT, BIAS]);
    const larger = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]);
    const { weights } = decodePyTorch(larger.subarray(3, -5), 'f');
    larger.fill(0);
    expect(weights).toEqual(EXPECTED);
  });

  test.each([
    ['state_dict', ['epoch', 'state_dict', 'best_prec1']],
    ['model_state_dict', ['model_state_dict', 'optimizer']],
    ['model', ['model', 'args']],
    ['net', ['acc', 'net']],
  ])('finds them under %s, and says what else there was', (key, keys) => {
    const others = {
      epoch: 182,
      best_prec1: tensor(BIAS),
      acc: 91.5,
      args: null,
      optimizer: new Map(),
    };
    const entries = { ...others, [key]: STATE };
    const root = new Map(keys.map((name) => [name, entries[name as keyof typeof entries]]));
    const found = read(root, WEIGHT, BIAS);
    expect(found.weights).toEqual(EXPECTED);
    expect(found.passedOver).toEqual(keys.filter((name) => name !== key));
  });

  test.each([['module.'], ['_orig_mod.'], ['_orig_mod.module.']])(
    'drops the prefix %s of all',
    (prefix) => {
      const state = new Map([...STATE].map(([name, value]) => [prefix + name, value]));
      expect(read(state, WEIGHT, BIAS).weights).toEqual(EXPECTED);
      const mixed = new Map([...state, ['other', tensor(BIAS)]]);
      expect([...read(mixed, WEIGHT, BIAS).weights.keys()]).toEqual([...mixed.keys()]);
    },
  );

  test('reads strided, transposed, overlapping, empty and scalar tensors of one storage', () => {
    const state = new Map([
      ['columns', tensor(WEIGHT, { shape: [3, 2], strides: [1, 3] })],
      ['every second', tensor(WEIGHT, { offset: 1, shape: [3], strides: [2] })],
      ['windows', tensor(WEIGHT, { shape: [2, 2, 3], strides: [2, 1, 1] })],
      ['repeated', tensor(WEIGHT, { offset: 5, shape: [2, 2], strides: [0, 0] })],
      ['scalar', tensor(WEIGHT, { offset: 4, shape: [] })],
      ['row', tensor(WEIGHT, { offset: 3, shape: [1, 3], strides: [99, 1] })],
      ['empty', tensor(WEIGHT, { offset: 6, shape: [4, 0] })],
    ]);
    const { weights } = read(state, WEIGHT);
    const values = Object.fromEntries([...weights].map(([name, { data }]) => [name, [...data]]));
    expect(values).toEqual({
      columns: [0.5, 3.5, 1.5, 4.5, 2.5, 5.5],
      'every second': [1.5, 3.5, 5.5],
      windows: [0.5, 1.5, 2.5, 1.5, 2.5, 3.5, 2.5, 3.5, 4.5, 3.5, 4.5, 5.5],
      repeated: [5.5, 5.5, 5.5, 5.5],
      scalar: [4.5],
      row: [3.5, 4.5, 5.5],
      empty: [],
    });
    expect(weights.get('empty')?.shape).toEqual([4, 0]);
  });

  test('widens half and bfloat16, rounds double, keeps counters, passes over other integers', () => {
    const half = stored(
      'h',
      'HalfStorage',
      Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000),
    );
    const brain = stored('b', 'BFloat16Storage', Uint16Array.of(0x3f80, 0xc040, 0x0001));
    const double = stored('d', 'DoubleStorage', Float64Array.of(0.1, -1e300, 3));
    const steps = stored('n', 'LongStorage', BigInt64Array.of(64_000n));
    const mask = stored('m', 'BoolStorage', Uint8Array.of(1, 0));
    const state = new Map([
      ['half', tensor(half)],
      ['brain', tensor(brain)],
      ['double', tensor(double)],
      ['bn.num_batches_tracked', tensor(steps, { shape: [] })],
      ['mask', tensor(mask)],
    ]);
    const found = read(state, half, brain, double, steps, mask);
    const values = [...found.weights.values()].map(({ data }) => [...data]);
    expect(values).toEqual([
      [1, -2, 2 ** -24, 65504, Number.POSITIVE_INFINITY, -0],
      [1, -3, 2 ** -133],
      [Math.fround(0.1), Number.NEGATIVE_INFINITY, 3],
    ]);
    expect([...found.counters]).toEqual([
      ['bn.num_batches_tracked', { shape: [], data: BigInt64Array.of(64_000n) }],
    ]);
    expect(found.passedOver).toEqual(['mask']);
  });

  test('takes parameters, ordered dictionaries with attributes, and Python 2’s way of pairs', () => {
    const trained = new Call(new Global('torch._utils', '_rebuild_parameter'), [
      tensor(BIAS),
      true,
      ORDERED,
    ]);
    const pairs = new Call(new Global('collections', 'OrderedDict'), [[['fc.bias', trained]]]);
    const expected = new Map([['fc.bias', EXPECTED.get('fc.bias')]]);
    expect(read(new Map([['state_dict', pairs]]), BIAS).weights).toEqual(expected);
    // OrderedDict() · mark · name, tensor · SETITEMS · {'_metadata': {}} · BUILD, as a state_dict is saved.
    const inner = (value: unknown) => new Operations(pickled(value).subarray(2, -1));
    const parts = [
      ORDERED,
      operations(0x28),
      'fc.bias',
      trained,
      operations(0x75),
      new Map([['_metadata', new Map()]]),
      operations(0x62),
    ].flatMap((part) => [...inner(part).bytes]);
    expect(read(operations(...parts), BIAS).weights).toEqual(expected);
  });
});

test('reads memos, and the operations of protocol 4', () => {
  const global = (module: string, name: string) => [
    0x8c,
    module.length,
    ...Buffer.from(module),
    0x94, // SHORT_BINUNICODE, MEMOIZE
    0x8c,
    name.length,
    ...Buffer.from(name),
    0x94,
    0x93,
    0x94, // STACK_GLOBAL
  ];
  const root = operations(
    0x95,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0, // FRAME
    0x7d,
    0x94, // EMPTY_DICT
    0x8c,
    1,
    0x77,
    0x94, // 'w', number 1 of the memo
    ...global('torch._utils', '_rebuild_tensor_v2'),
    0x28, // MARK
    0x28,
    0x8c,
    7,
    ...Buffer.from('storage'),
    0x94,
    ...global('torch', 'FloatStorage'),
    0x8c,
    1,
    0x31,
    0x8c,
    3,
    ...Buffer.from('cpu'),
    0x4b,
    2,
    0x74,
    0x51, // '1', 'cpu', 2, TUPLE, BINPERSID
    0x4b,
    0,
    0x4b,
    2,
    0x85,
    0x4b,
    1,
    0x85,
    0x89, // 0, (2,), (1,), False
    ...global('collections', 'OrderedDict'),
    0x29,
    0x52, // EMPTY_TUPLE, REDUCE
    0x74,
    0x52, // TUPLE, REDUCE
    0x72,
    0,
    0,
    0,
    1, // LONG_BINPUT 2²⁴
    0x73, // SETITEM
    0x68,
    1,
    0x58,
    1,
    0,
    0,
    0,
    0x32, // BINGET 1: 'w' again, and '2' as BINUNICODE
    0x73,
    0x8c,
    1,
    0x76,
    0x6a,
    0,
    0,
    0,
    1,
    0x73, // 'v': LONG_BINGET 2²⁴
  );
  const found = decodePyTorch(zippedCheckpoint(root, [BIAS]), 'f');
  expect([...found.weights.keys()]).toEqual(['v']);
  expect(found.weights.get('v')).toEqual(EXPECTED.get('fc.bias'));
  expect(found.passedOver).toEqual(['w']);
});

test('reads a storage of which old files show parts', () => {
  const root = new Map([
    ['a', tensor(WEIGHT, { offset: 1, shape: [2], strides: [1] }, new Tuple('v1', 2, 3))],
    ['b', tensor(WEIGHT, { shape: [6] }, null)],
  ]);
  const { weights } = decodePyTorch(legacyCheckpoint(root, [WEIGHT]), 'f');
  expect([...weights.get('a')!.data]).toEqual([3.5, 4.5]);
  expect([...weights.get('b')!.data]).toEqual([...numbers(6)]);
});

test('reads an archive that another program stored', () => {
  const bytes = zipSync(
    { 'm/data.pkl': pickled(STATE), 'm/data/0': WEIGHT.bytes, 'm/data/1': BIAS.bytes },
    { level: 0 },
  );
  expect(decodePyTorch(bytes, 'f').weights).toEqual(EXPECTED);
});

/**
 * Read by Python's own pickle module with an Unpickler that knows tensors, and numpy: SHA-256 of a line
 * `NAME [SHAPE] SHA` a tensor, SHA the first 16 digits of its elements' own SHA-256.
 */
const TRAINED = [
  [
    'resnet20-12fca82f.th',
    97,
    271_098,
    '127b61f94b99a2084f8cdc887631253e8b9c72825828fdff5162207fb1013304',
  ],
  [
    'resnet56-4bfd9763.th',
    277,
    857_082,
    'd203b6479eee821bba4fc2d070c0ac1332d6e54ba808789d4bca713c518de26b',
  ],
] as const;

describe.skipIf(!isShared)('trained networks (left out where ../shared is missing)', () => {
  test.each(TRAINED)(
    '%s: %i tensors of %i numbers, as Python reads them',
    (name, tensors, elements, sha) => {
      const { weights, counters, passedOver } = decodePyTorch(
        readFileSync(sharedPath(`models/${name}`)),
        name,
      );
      expect([weights.size, counters.size, passedOver]).toEqual([tensors, 0, ['best_prec1']]);
      const sizes = [...weights.values()].map(({ data }) => data.length);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(elements);
      const lines = [...weights].map(
        ([key, { shape, data }]) => `${key} [${shape.join(', ')}] ${sha256(data).slice(0, 16)}\n`,
      );
      expect(sha256(lines.join(''))).toBe(sha);
    },
  );
});

function sha256(data: Float32Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
