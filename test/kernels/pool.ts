import { requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { preparePool } from '../../src/kernels/pool.js';
import { type Pair, windowPositions } from '../../src/kernels/window.js';
import { poolReference } from '../../src/reference/pool.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';

export interface PoolSpec {
  readonly kind: 'max' | 'average';
  /** Images, rows, columns, channels. */
  readonly input: readonly [images: number, height: number, width: number, channels: number];
  readonly kernel: Pair;
  readonly stride: Pair;
  /** Above, to the left, below, to the right. */
  readonly padding?: readonly [number, number, number, number];
  readonly countPads?: true;
  /** Of a call for fewer images than there are. */
  readonly called?: number;
  /** Numbers are multiples of it, so that a window has its maximum more than once. */
  readonly quantum?: number;
}

export const POOL_SPECS: readonly PoolSpec[] = [
  { kind: 'max', input: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1] },
  { kind: 'max', input: [2, 7, 5, 3], kernel: [2, 2], stride: [2, 2] },
  {
    kind: 'max',
    input: [3, 11, 9, 13],
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1, 1, 1],
    called: 2,
  },
  {
    kind: 'max',
    input: [2, 6, 8, 5],
    kernel: [3, 2],
    stride: [1, 3],
    padding: [0, 1, 2, 0],
    quantum: 1,
  },
  { kind: 'average', input: [1, 5, 3, 7], kernel: [5, 3], stride: [1, 1] },
  { kind: 'average', input: [3, 8, 8, 66], kernel: [8, 8], stride: [1, 1], called: 2 },
  { kind: 'average', input: [2, 9, 7, 4], kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] },
  {
    kind: 'average',
    input: [2, 9, 7, 2],
    kernel: [3, 3],
    stride: [2, 2],
    padding: [1, 1, 1, 1],
    countPads: true,
  },
  { kind: 'average', input: [1, 6, 5, 11], kernel: [2, 4], stride: [1, 1], padding: [1, 0, 0, 3] },
];

/** The window, the output's shape and the numbers of a case. */
export function poolProblem({ kind, input, quantum, ...window }: PoolSpec) {
  const countPads = window.countPads ?? false;
  const [images, height, width, channels] = input;
  const [top, left, bottom, right] = window.padding ?? [0, 0, 0, 0];
  const { kernel, stride } = window;
  const moves = { kernel, stride, padding: { top, left, bottom, right } };
  const output = windowPositions(moves, { height, width });
  const x = randomNumbers(images * height * width * channels, 1).map((value) =>
    quantum ? Math.round(value / quantum) * quantum : value,
  );
  return { moves, output, kind, countPads, images, height, width, channels, x };
}

/** What the oracle looks at, of the first `images` images. */
export function referenceOfPool(problem: ReturnType<typeof poolProblem>, images: number) {
  const { moves, output, kind, countPads, height, width, channels, x } = problem;
  const { kernel, stride, padding } = moves;
  return {
    kind,
    countPads,
    images,
    channels,
    input: { height, width },
    output,
    kernel,
    stride,
    top: padding.top,
    left: padding.left,
    x: x.subarray(0, images * height * width * channels),
  };
}

export function nameOfPool(kernel: string, spec: PoolSpec): string {
  const { kind, input, stride, padding, countPads, called } = spec;
  return `${kernel} ${kind} ${spec.kernel.join(' × ')} of ${input.join(' × ')} by ${stride.join(' × ')}, padding ${padding ?? 0}${countPads ? ', counted' : ''}${called ? `, ${called} images` : ''}`;
}

export const poolCases: readonly KernelCase[] = POOL_SPECS.map((spec) =>
  memoryCase(nameOfPool('pool', spec), async (device, memory) => {
    const problem = poolProblem(spec);
    const { moves, output, kind, countPads, images, height, width, channels, x } = problem;
    const out = memory.map({ images, channels, ...output });
    const run = await preparePool(device, {
      kind,
      countPads,
      ...moves,
      input: memory.map({ images, height, width, channels }, x),
      output: out,
    });
    const commands = new Commands(device);
    run(commands, spec.called ? { images: spec.called } : {});
    await commands.finish();
    const called = spec.called ?? images;
    requireWithin(
      await writtenValues(out, called),
      poolReference(referenceOfPool(problem, called)),
    );
  }),
);
