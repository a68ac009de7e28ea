import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint.js';
import { decodePyTorch } from '../../src/formats/pytorch.js';
import { fuzz, truncate } from '../fuzz.js';
import {
  Call,
  Global,
  legacyCheckpoint,
  Operations,
  operations,
  Persistent,
  pickled,
  type Stored,
  stored,
  Tuple,
  tensor,
  zipped,
  zippedCheckpoint,
} from './pytorch-files.js';

const WEIGHT = stored(
  '0',
  'FloatStorage',
  Float32Array.from({ length: 6 }, (_, i) => i - 2.5),
);
const STEPS = stored('1', 'LongStorage', BigInt64Array.of(7n));
const STATE = new Map<string, unknown>([
  ['w', tensor(WEIGHT, { shape: [3, 2], strides: [1, 3] })],
  ['n', tensor(STEPS, { shape: [] })],
]);
const FORMS = [
  ['zip', zippedCheckpoint],
  ['legacy', legacyCheckpoint],
] as const;

function refused(bytes: Uint8Array, message: string | RegExp): void {
  expect(() => decodePyTorch(bytes, 'net.pth')).toThrow(
    expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) }),
  );
}

describe.each(FORMS)('the %s form', (_, write) => {
  const whole = write(STATE, [WEIGHT, STEPS]);
  const saved = (root: unknown, ...storages: readonly Stored[]) => write(root, storages);
  const withTensor = (...values: readonly unknown[]) =>
    saved(
      new Map([['w', new Call(new Global('torch._utils', '_rebuild_tensor_v2'), values)]]),
      WEIGHT,
    );
  const reference = (...id: readonly unknown[]) => new Persistent(new Tuple(...id));
  const FLOATS = new Global('torch', 'FloatStorage');
  const six = reference('storage', FLOATS, '0', 'cpu', 6);

  test.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'getattr'],
    ['torch.storage', '_load_from_bytes'],
    ['torch._utils', '_rebuild_sparse_tensor'],
    ['collections', 'OrderedDict.fromkeys'],
    ['argparse', 'Namespace'],
    ['toString', 'constructor'],
    ['', '__proto__'],
  ])('never runs %s.%s, wherever it is named', (module, name) => {
    const global = new Global(module, name);
    const message = `wants to run ${module}.${name} (offset`;
    for (const part of [
      global,
      new Call(global, ['x']),
      reference('storage', global, '0', 'cpu', 6),
    ]) {
      const bytes = saved(new Map<string, unknown>([...STATE, ['more', part]]), WEIGHT, STEPS);
      expect(() => decodePyTorch(bytes, 'net.pth')).toThrow(message);
      expect(() => decodePyTorch(bytes, 'net.pth')).toThrow('torch.save(model.state_dict(), FILE)');
    }
  });

  test.each([
    [
      'calls of a type of storage',
      new Call(FLOATS, []),
      'torch.FloatStorage is called, but is no function',
    ],
    ['calls of what is no name', operations(0x4b, 1, 0x29, 0x52), 'does not fit'],
    ['objects with attributes', operations(0x5d, 0x7d, 0x62), 'does not fit'],
    ['classes to be made new', operations(0x29, 0x29, 0x81), 'operation 0x81 is none'],
    ['instances of old classes', operations(0x28, 0x69), 'operation 0x69 is none'],
    ['registered extensions', operations(0x82, 1), 'operation 0x82 is none'],
    ['a memo that was never set', operations(0x68, 9), 'does not fit'],
    ['a mark that was never set', operations(0x74), 'does not fit'],
    ['values below a mark', operations(0x28, 0x85), 'does not fit'],
    ['items of what is no dictionary', operations(0x4b, 1, 0x4b, 2, 0x4b, 3, 0x73), 'does not fit'],
    ['items without values', operations(0x7d, 0x28, 0x4b, 1, 0x75), 'does not fit'],
    ['elements of what is no list', operations(0x4b, 1, 0x4b, 2, 0x61), 'does not fit'],
    [
      'a text beyond the end',
      operations(0x58, 0xff, 0xff, 0xff, 0xff),
      'expected 4294967295 bytes',
    ],
    [
      'a text beyond any end',
      operations(0x8d, ...Array(8).fill(0xff)),
      'expected 18446744073709552000 bytes',
    ],
    ['a text that is none', operations(0x8c, 2, 0xc3, 0x28), 'a text that is not UTF-8'],
    ['an unknown protocol', operations(0x80, 6), 'unknown protocol 6'],
    [
      'a dictionary of no pairs',
      new Call(new Global('collections', 'OrderedDict'), [3]),
      'not made of pairs',
    ],
    ['a reference to nothing', new Persistent(null), 'no storage of a tensor'],
    [
      'a reference to a module',
      reference('module', FLOATS, '0', 'cpu', 6),
      'no storage of a tensor',
    ],
    [
      'a storage without a key',
      reference('storage', FLOATS, 0, 'cpu', 6),
      'no storage of a tensor',
    ],
    [
      'a negative storage',
      reference('storage', FLOATS, '9', 'cpu', -1),
      'a number of elements is -1',
    ],
    [
      'a storage of no size',
      reference('storage', FLOATS, '9', 'cpu', null),
      'a number of elements is no number',
    ],
    [
      'a storage of two sizes',
      [six, reference('storage', FLOATS, '0', 'cpu', 5)],
      'described in two ways',
    ],
    [
      'a view beyond its storage',
      reference('storage', FLOATS, '0', 'cpu', 6, new Tuple('v', 4, 3)),
      'elements 4 to 7 of 6',
    ],
    [
      'a parameter that is no tensor',
      new Call(new Global('torch._utils', '_rebuild_parameter'), [1]),
      'no tensor',
    ],
  ])('refuses %s', (_, part, message) => {
    refused(saved(new Map<string, unknown>([...STATE, ['more', part]]), WEIGHT, STEPS), message);
  });

  const tuple = (...values: readonly unknown[]) => new Tuple(...values);
  test.each([
    ['without a storage', ['0', 0, tuple(6), tuple(1)], 'not described'],
    ['without a shape', [six, 0], 'not described'],
    ['past its storage', [six, 0, tuple(7), tuple(1)], /elements 0 to 6, of 0 to 6/],
    ['that begins past its storage', [six, 6, tuple(), tuple()], 'elements 6 to 6, of 0 to 6'],
    ['with strides past its storage', [six, 1, tuple(2, 3), tuple(3, 1)], 'elements 1 to 6'],
    ['at a negative offset', [six, -1, tuple(6), tuple(1)], "tensor's offset is -1"],
    ['of a negative extent', [six, 0, tuple(-2, -3), tuple(3, 1)], 'extent of a shape is -2'],
    ['of negative strides', [six, 5, tuple(6), tuple(-1)], 'a stride is -1'],
    ['of a broken extent', [six, 0, tuple(1.5), tuple(1)], 'extent of a shape is 1.5'],
    [
      'of huge extents',
      [six, 0, tuple(...Array(40).fill(2 ** 52)), tuple(...Array(40).fill(0))],
      'leaves its storage',
    ],
    [
      'of huge strides',
      [six, 0, tuple(2, 2), tuple(2 ** 53 - 1, 2 ** 53 - 1)],
      'leaves its storage',
    ],
    [
      'of too many dimensions',
      [six, 0, tuple(...Array(65).fill(1)), tuple(...Array(65).fill(1))],
      '65 dimensions',
    ],
    ['with a stride too few', [six, 0, tuple(2, 3), tuple(1)], '2 dimensions with 1 strides'],
  ])('refuses a tensor %s', (_, values, message) => refused(withTensor(...values), message));

  test.each([
    ['a number', 42, 'no dictionary of tensors'],
    ['one tensor', tensor(WEIGHT), 'no dictionary of tensors'],
    ['an empty dictionary', new Map(), 'found nothing'],
    [
      'no tensors',
      new Map<string, unknown>([
        ['epoch', 3],
        ['model', new Map([['a', 1]])],
      ]),
      'found epoch, model',
    ],
  ])('says what it found where the object is %s', (_, root, message) => {
    refused(saved(root, ...(root instanceof Call ? [WEIGHT] : [])), message);
  });

  test('refuses tensors that repeat few bytes without end, before memory is taken', () => {
    const state = new Map([['w', tensor(WEIGHT, { shape: [2 ** 20, 2 ** 20], strides: [0, 0] })]]);
    refused(saved(state, WEIGHT), 'claim tensors of 1099511627776 elements');
  });

  test('refuses a pickle of a million objects', () => {
    refused(saved(new Operations(Buffer.alloc(1_000_001, '}'))), 'more than 1,000,000 operations');
  });

  test('reads lists within lists as deep as the file is long', () => {
    const deep = new Operations(Buffer.alloc(800_001, ']').fill('a', 400_001));
    refused(saved(new Map([['deep', deep]])), 'found deep');
  });

  test('refuses what breaks off, at every byte', () => truncate(whole, decodePyTorch));

  test('refuses mutants or reads what they say', () => {
    fuzz(whole, decodePyTorch, requireWhole);
  });

  test('refuses bytes of a machine of the other order', () => {
    const big = write(STATE, [WEIGHT, STEPS], { byteorder: 'big', little: false });
    refused(big, 'byte order "big"');
  });
});

/** Shapes and data agree, and are not larger than the file lets them be. */
function requireWhole({ weights, counters }: Checkpoint, { length }: Uint8Array): void {
  for (const { shape, data } of [...weights.values(), ...counters.values()]) {
    expect(data.length).toBe(shape.reduce((size, extent) => size * extent, 1));
    expect(data.length).toBeLessThanOrEqual(4 * length);
  }
}

describe('zip archives', () => {
  const whole = zippedCheckpoint(STATE, [WEIGHT, STEPS]);
  const bytes = (name: string, text = 'x') => ({ name, bytes: Buffer.from(text) });

  test('a mutant is refused or gives the same weights: every byte of theirs has a checksum', () => {
    const { weights } = decodePyTorch(whole, 'f');
    for (const wide of [true, false]) {
      const archive = zippedCheckpoint(STATE, [WEIGHT, STEPS], { wide, aligned: wide });
      fuzz(archive, decodePyTorch, (found) => expect(found.weights).toEqual(weights));
    }
  });

  test.each([
    ['without a pickle', zipped([bytes('archive/data/0')]), '0 entries NAME/data.pkl'],
    [
      'with two pickles',
      zipped([bytes('a/data.pkl'), bytes('b/data.pkl')]),
      '2 entries NAME/data.pkl',
    ],
    [
      'with a name twice',
      zipped([bytes('a/data.pkl'), bytes('a/data.pkl')]),
      '"a/data.pkl" is listed twice',
    ],
    [
      'of TorchScript',
      zipped([bytes('a/data.pkl'), bytes('a/constants.pkl')]),
      'a TorchScript program',
    ],
    ['without a storage', zippedCheckpoint(STATE, [WEIGHT]), 'without the entry "archive/data/1"'],
    [
      'with a short storage',
      zippedCheckpoint(STATE, [WEIGHT, { ...STEPS, bytes: STEPS.bytes.subarray(1) }]),
      'with 7 bytes in "archive/data/1", where 1 elements of 8 bytes are due',
    ],
  ])('%s', (_, archive, message) => refused(archive, message));

  /** A plain archive of one entry `a/data.pkl` of one byte, with a word of it changed. */
  const changed = (at: number, value: number, size: 2 | 4 = 4) => {
    const archive = Buffer.from(zipped([bytes('a/data.pkl')]));
    archive.writeUIntLE(value, at < 0 ? archive.length + at : at, size);
    return archive;
  };
  const LOCAL = 30 + 'a/data.pkl'.length + 1;
  const END = -22;
  test.each([
    ['compressed', changed(LOCAL + 10, 8, 2), 'is compressed'],
    ['encrypted', changed(LOCAL + 8, 1, 2), 'encrypted'],
    ['of another packed size', changed(LOCAL + 20, 2), 'claims 2 bytes for 1'],
    ['too large', changed(LOCAL + 20, 0xffffff, 4), 'claims 16777215 bytes for 1'],
    ['without its zip64 sizes', changed(LOCAL + 24, 0xffffffff), 'lacks a size'],
    ['elsewhere', changed(LOCAL + 42, 5), 'offset 5 should hold a record "local header"'],
    ['beyond the end', changed(LOCAL + 42, 0xfffffff0), 'offset 4294967280 should hold'],
    ['with a name of its own', changed(30, 0x78, 2), 'another name in its own header'],
    [
      'with a name that leaves the directory',
      changed(LOCAL + 28, 0xffff, 2),
      'leaves the directory',
    ],
    [
      'with another checksum',
      changed(LOCAL + 16, 1),
      'has the CRC-32 0x8cdc1683, expected 0x00000001',
    ],
    ['not the only one', changed(END + 10, 2, 2), 'directory of 2 entries'],
    ['no entry', changed(END + 10, 0, 2), 'its 0 entries end at offset'],
    ['in a directory elsewhere', changed(END + 16, 3), 'from offset 3'],
    ['on another disk', changed(END + 4, 1, 2), 'one part of an archive in several'],
  ])('an entry %s', (_, archive, message) => refused(archive, message));

  test('two entries that share their bytes', () => {
    // The first holds what would be the second, which the directory then places there.
    const inner = Buffer.from(zipped([bytes('a/data.pk2')])).subarray(0, LOCAL);
    const outer = Buffer.from(zipped([{ name: 'a/data.pkl', bytes: inner }, bytes('a/data.pk2')]));
    const entry = outer.lastIndexOf('a/data.pk2') - 46;
    outer.writeUInt32LE(30 + 'a/data.pkl'.length, entry + 42);
    refused(outer, '"a/data.pkl" and "a/data.pk2" share bytes');
  });

  test('two end records that contradict each other', () => {
    const archive = Buffer.from(whole);
    archive.writeUInt16LE(3, archive.length - 22 + 10);
    refused(archive, 'contradict each other');
  });
});

describe('what is no checkpoint', () => {
  test.each([
    ['an empty file', new Uint8Array(0), 'begins neither'],
    ['a web page', Buffer.from('<!doctype html>'), 'begins neither'],
    ['a broken archive', Buffer.from('PK'), 'does not end|do not end'],
    ['another pickle', pickled(new Map([['a', 1]])), 'none that torch.save wrote'],
    [
      'another version',
      legacyCheckpoint(STATE, [WEIGHT, STEPS], { version: 1002 }),
      'unknown version 1002',
    ],
    [
      'a storage of another size',
      legacyCheckpoint(STATE, [{ ...WEIGHT, elements: 5 }, STEPS]),
      'the file says otherwise',
    ],
    [
      'a list of other storages',
      legacyCheckpoint(STATE, [{ ...WEIGHT, key: '7' }, STEPS]),
      'list of storages other than',
    ],
    ['a storage left out', legacyCheckpoint(STATE, [WEIGHT]), 'without the storage "1"'],
    [
      'bytes behind the end',
      Buffer.concat([legacyCheckpoint(STATE, [WEIGHT, STEPS]), Buffer.of(0)]),
      'whose storages end at',
    ],
  ])('%s', (_, bytes, message) => refused(bytes, message));
});
