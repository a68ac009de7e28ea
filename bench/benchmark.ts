import type { ImageSource } from '../src/data/images.js';
import { EspalierError } from '../src/errors.js';
import type { Device } from '../src/gpu/device.js';
import type { Timing } from '../src/gpu/timing.js';
import type { Form, Peer } from './peers/peer.js';

/** Sizes by name: m examples, n neurons, d inputs, c outputs, p Gram rows, k picks. */
export type Shape = Readonly<Record<string, number>>;

/** The least that the work takes, whoever does it: no program could do less. */
export interface Cost {
  readonly operations: number;
  /** Bytes to and from memory when everything is read and written once. */
  readonly bytes: number;
  /** Where they are most of the work. */
  readonly exponentials?: number;
}

export interface ContestContext {
  readonly device: Device;
  /** One of this library's variants, or a peer's form. */
  readonly variant: string;
  /** Images for the benchmarks that need some. */
  readonly source: ImageSource | undefined;
  readonly signal: AbortSignal | undefined;
  /** Has the resource disposed of when the contest is over. */
  readonly own: <T extends Disposable>(resource: T) => T;
  /** Given where peers compete, which only the wall clock can time. */
  readonly clock: Timing['clock'] | undefined;
  /** What the contenders of a contest share: prepared by the first that asks. */
  readonly share: <T>(prepare: () => Promise<T>) => Promise<T>;
}

/** One program, or one variant of it, that does the work: verified once, then timed in turns. */
export interface Contender {
  /**
   * Does the work once and checks its answer.
   *
   * @returns what was checked, for the log.
   * @throws when the answer is wrong.
   */
  readonly verify: () => Promise<string>;
  /** Milliseconds of one call; samples for about so many seconds, the warm-up left out. */
  readonly time: (seconds: number) => Promise<Timing>;
  /** Known once the answer has been verified. */
  readonly cost: () => Cost;
}

/** Work of one shape. */
export interface BenchmarkCase {
  readonly shape: Shape;
  /** Takes minutes on a software adapter, which leaves it out unless it is asked for by shape. */
  readonly hardwareOnly: boolean;
  /** @throws bad-config or limit-exceeded when the adapter cannot run the variant or shape. */
  readonly contend: (context: ContestContext) => Promise<Contender>;
  /** How peers contend; absent where none does this work. */
  readonly rival: ((peer: Peer, form: Form) => Rival | undefined) | undefined;
}

/**
 * A peer's program for the work as a contender.
 *
 * @throws when the program fails.
 */
export type Rival = (context: ContestContext) => Promise<Contender>;

/** Work that can be timed, at several shapes. */
export interface Benchmark {
  readonly name: string;
  readonly variants: readonly string[];
  /** The variant that the library takes on this adapter by itself. */
  readonly preferred: (device: Device) => string;
  readonly needsSource: boolean;
  /** Seconds of samples after which the interval is narrow enough. */
  readonly seconds: number;
  /** The first shape stands for all where few are wanted. */
  readonly cases: readonly BenchmarkCase[];
}

/** The variant of this library's work that has only one. */
export const ONLY_VARIANT = 'default';

/** A peer in one of its forms at a shape; undefined where the work has no such form. */
export type RivalOf<S extends Shape> = (peer: Peer, form: Form, shape: S) => Rival | undefined;

/** The cases of some shapes for all adapters, and of others that only hardware does in seconds. */
export function benchmarkCases<S extends Shape>(
  shapes: readonly S[],
  hardwareShapes: readonly S[],
  contend: (context: ContestContext, shape: S) => Promise<Contender>,
  rival?: RivalOf<S>,
): readonly BenchmarkCase[] {
  const benchmarkCase = (shape: S, hardwareOnly: boolean): BenchmarkCase => ({
    shape,
    hardwareOnly,
    contend: (context) => contend(context, shape),
    rival: rival && ((peer, form) => rival(peer, form, shape)),
  });
  return [
    ...shapes.map((shape) => benchmarkCase(shape, false)),
    ...hardwareShapes.map((shape) => benchmarkCase(shape, true)),
  ];
}

/** A user's whole task by the wall clock. The first variant is what the library does. */
export function workload<S extends Shape>(task: {
  readonly name: string;
  readonly seconds: number;
  readonly shapes: readonly S[];
  readonly hardwareShapes?: readonly S[];
  readonly variants?: readonly [string, ...string[]];
  /** Whether it takes images of a source; true by default. */
  readonly needsSource?: boolean;
  readonly contend: (context: ContestContext, shape: S) => Promise<Contender>;
  readonly rival?: RivalOf<S>;
}): Benchmark {
  const { name, seconds, shapes, hardwareShapes = [], contend, rival } = task;
  const { variants = [ONLY_VARIANT], needsSource = true } = task;
  return {
    name,
    variants,
    preferred: () => variants[0],
    needsSource,
    seconds,
    cases: benchmarkCases(shapes, hardwareShapes, contend, rival),
  };
}

/** `m=128,n=1024`, as `--shape` takes it. */
export function shapeLabel(shape: Shape): string {
  return Object.entries(shape)
    .map(([name, size]) => `${name}=${size}`)
    .join(',');
}

/** @throws bad-data when the work needs images and has none. */
export function requireSource({ source }: ContestContext): ImageSource {
  if (source) return source;
  throw new EspalierError('bad-data', 'This benchmark needs images, and was given none.');
}
