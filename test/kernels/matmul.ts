import { requireWithin } from '../../bench/check.js';
import {
  type Epilogue,
  MATMUL_VARIANTS,
  type MatmulStorage,
  type MatmulTile,
  type MatmulVariant,
  matmulTiles,
} from '../../shaders/matmul.wgsl.js';
import { bufferFrom, type GpuBuffer } from '../../src/gpu/buffer.js';
import { Commands } from '../../src/gpu/commands.js';
import type { Device } from '../../src/gpu/device.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import type { StorageFormat } from '../../src/half.js';
import { type MatmulCall, prepareMatmul } from '../../src/kernels/matmul.js';
import { halfError } from '../../src/reference/half.js';
import { matmulReference } from '../../src/reference/matmul.js';
import {
  type KernelCase,
  paddedMatrix,
  poisonedMatrix,
  randomNumbers,
  stored,
  whereItRuns,
} from './case.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, k: number];
  readonly transposeA?: boolean;
  /** Rows that the stored A has when they are gathered by index. */
  readonly gatherFrom?: number;
  readonly epilogue?: Epilogue;
  /** A is B too, stored [k × m]: out = AᵀA, and only its upper half is computed. */
  readonly symmetric?: boolean;
  readonly slices?: number;
  readonly call?: MatmulCall;
  readonly storage?: Partial<MatmulStorage>;
  /** Of `tiled`, where not the smallest, for which a software adapter compiles least. */
  readonly tiled?: MatmulTile;
}

const EPILOGUES: readonly Spec[] = [
  ...(['tanh', 'sigmoid', 'relu'] as const).map((activation) => ({
    shape: [17, 19, 23] as const,
    epilogue: { kind: 'activation', activation } as const,
  })),
  {
    shape: [67, 41, 13],
    transposeA: true,
    gatherFrom: 29,
    epilogue: { kind: 'momentum' },
    call: { alpha: 0.25, decay: 0.9, rate: 0.125 },
  },
  { shape: [41, 67, 19], epilogue: { kind: 'accumulate' }, call: { alpha: -0.75 } },
  {
    shape: [131, 3, 37],
    transposeA: true,
    epilogue: { kind: 'descent' },
    call: { alpha: 1 / 37, rate: 2 },
  },
];

/** Tiles on the diagonal, above it, below it, and one that the edge cuts. */
const SYMMETRIC: readonly Spec[] = [1, 7, 64, 131, 259].flatMap((n) => [
  {
    shape: [n, n, 23] as const,
    symmetric: true,
    call: { alpha: 0.75 },
    ...(n === 259 && { tiled: [64, 64] as const }),
  },
  {
    shape: [n, n, 18] as const,
    symmetric: true,
    epilogue: { kind: 'accumulate' } as const,
  },
]);

/** The last slice short, empty or all there is; slices of many and of few tiles. */
const SLICED: readonly Spec[] = [
  { shape: [37, 71, 53], slices: 4 },
  { shape: [131, 137, 203], slices: 7, transposeA: true, call: { alpha: -0.5 }, tiled: [64, 64] },
  { shape: [67, 19, 29], slices: 3, transposeA: true, gatherFrom: 20, call: { first: 2 } },
  { shape: [21, 33, 50], slices: 2 },
  { shape: [5, 70, 7], slices: 9 },
  { shape: [5, 3, 0], slices: 2 },
];

const HALVES = { a: 'f16', b: 'f16' } as const;

const STORED: readonly Spec[] = [
  {
    shape: [17, 19, 23],
    epilogue: { kind: 'activation', activation: 'tanh' },
    storage: { out: 'f16' },
  },
  { shape: [139, 263, 35], storage: HALVES },
  { shape: [37, 71, 18], gatherFrom: 50, storage: HALVES },
  { shape: [149, 137, 41], transposeA: true, storage: { a: 'f16' } },
  { shape: [131, 131, 23], symmetric: true, call: { alpha: 0.75 }, storage: HALVES },
  {
    shape: [259, 259, 18],
    symmetric: true,
    epilogue: { kind: 'accumulate' },
    storage: HALVES,
  },
];

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1] },
  { shape: [1, 131, 7] },
  { shape: [131, 1, 2] },
  { shape: [5, 3, 0], call: { alpha: 2 } },
  { shape: [67, 139, 67], call: { alpha: -1.5 }, tiled: [64, 64] },
  { shape: [139, 263, 35], tiled: [128, 128] },
  { shape: [149, 137, 40], transposeA: true, tiled: [128, 128] },
  { shape: [257, 131, 9] },
  { shape: [37, 71, 17], transposeA: true },
  { shape: [37, 71, 18] },
  { shape: [7, 5, 11], transposeA: true },
  { shape: [33, 129, 21], gatherFrom: 50, call: { first: 3 } },
  { shape: [21, 65, 33], gatherFrom: 20, transposeA: true, call: { first: 2 } },
  { shape: [9, 10, 11], call: { first: 4 } },
  ...EPILOGUES,
  ...SYMMETRIC,
  ...SLICED,
  ...STORED,
];

/** Every variant on every shape; those of lanes with their tiles in turn. */
export const matmulCases: readonly KernelCase[] = SPECS.flatMap((spec, index) =>
  MATMUL_VARIANTS.map((variant) => {
    const tiles = matmulTiles(variant, spec.transposeA ?? spec.symmetric ?? false);
    const tile = variant === 'tiled' ? (spec.tiled ?? tiles.at(-1)) : tiles[index % tiles.length];
    const name = ['matmul', variant, spec.storage && 'f16', describe(spec)];
    return whereItRuns(variant, {
      name: name.filter(Boolean).join(' '),
      run: (device) => check(device, spec, variant, tile),
    });
  }),
);

function describe({
  shape,
  symmetric,
  transposeA,
  gatherFrom,
  epilogue,
  slices,
  storage,
}: Spec): string {
  const activation = epilogue && 'activation' in epilogue ? epilogue.activation : '';
  return [
    shape.join(' × '),
    symmetric && 'symmetric',
    transposeA && 'AT',
    gatherFrom && 'gathered',
    epilogue?.kind,
    activation,
    slices && `in ${slices} slices`,
    storage && JSON.stringify(storage),
  ]
    .filter(Boolean)
    .join(' ');
}

async function check(
  device: Device,
  spec: Spec,
  variant: MatmulVariant,
  tile: MatmulTile | undefined,
): Promise<void> {
  const { symmetric = false, epilogue = { kind: 'store' } } = spec;
  const { transposeA = symmetric, slices = 1, storage = {} } = spec;
  const [m, n, k] = spec.shape;
  const { first = 0, ...call } = spec.call ?? {};
  const logicalRows = first + (transposeA ? k : m);
  const storedRows = Math.max(spec.gatherFrom ?? logicalRows, 1);
  const aColumns = transposeA ? m : Math.max(k, 1);
  const a = stored(randomNumbers(storedRows * aColumns, 1), storage.a);
  const b = symmetric ? a : stored(randomNumbers(Math.max(k, 1) * n, 2), storage.b);
  const index = spec.gatherFrom
    ? Uint32Array.from({ length: logicalRows }, (_, row) => (row * 7 + 3) % storedRows)
    : undefined;
  const updates = epilogue.kind !== 'store' && epilogue.kind !== 'activation';
  const [start, velocity] = [3, 5].map((seed) => randomNumbers(m * n, seed));
  if (symmetric && start) mirror(start, n);
  const owned: GpuBuffer[] = [];
  const matrix = (rows: number, columns: number, data?: Float32Array, format?: StorageFormat) => {
    const made = data
      ? paddedMatrix(device, [rows, columns], data, format)
      : poisonedMatrix(device, [rows, columns], format);
    owned.push(made.buffer);
    return made;
  };
  const indices = index && bufferFrom(device, 'indices', index);
  if (indices) owned.push(indices);
  const out = matrix(slices * m, n, updates ? start : undefined, storage.out);
  const leftFactor = matrix(storedRows, aColumns, a, storage.a);
  const run = await prepareMatmul(device, {
    a: leftFactor,
    b: symmetric ? leftFactor : matrix(Math.max(k, 1), n, b, storage.b),
    out,
    symmetric,
    indices,
    transposeA,
    epilogue,
    slices,
    variant,
    tile,
    ...(epilogue.kind === 'momentum' && { velocity: matrix(m, n, velocity) }),
  });
  const commands = new Commands(device);
  run(commands, { ...call, first, k });
  await commands.finish();
  const storedRow = (row: number) => (index ? (index[first + row] ?? Number.NaN) : first + row);
  const element = (data: Float32Array | undefined) => (i: number, j: number) =>
    data?.[i * n + j] ?? Number.NaN;
  const left = (i: number, p: number) =>
    (transposeA ? a[storedRow(p) * aColumns + i] : a[storedRow(i) * aColumns + p]) ?? 0;
  const right = (p: number, j: number) => b[p * n + j] ?? 0;
  const depth = 4 * Math.ceil(k / (4 * slices));
  const sumFrom = (begin: number) =>
    matmulReference({
      m,
      n,
      k: Math.max(0, Math.min(depth, k - begin)),
      a: (i, p) => left(i, begin + p),
      b: (p, j) => right(begin + p, j),
      alpha: call.alpha ?? 1,
      epilogue,
      before: element(start),
      velocity: element(velocity),
      decay: call.decay ?? 0,
      rate: call.rate ?? 0,
    });
  try {
    const sums = await readMatrix(out);
    const rounding = (x: number, value: number) =>
      storage.out === 'f16' ? x + halfError(Math.abs(value) + x) : x;
    for (let slice = 0; slice < slices; slice++) {
      const own = sums.subarray(slice * m * n, (slice + 1) * m * n);
      const { value, bound } = sumFrom(slice * depth);
      requireWithin(own, { value, bound: bound.map((x, at) => rounding(x, value[at] ?? 0)) });
    }
  } finally {
    for (const buffer of owned) buffer.dispose();
  }
}

/** Copies what is above the diagonal below it. */
function mirror(square: Float32Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) square[i * n + j] = square[j * n + i] ?? Number.NaN;
  }
}
