import { Commands } from '../src/gpu/commands.js';
import type { Device } from '../src/gpu/device.js';
import { Scope } from '../src/gpu/scope.js';
import {
  type Benchmark,
  benchmarkCases,
  type ContestContext,
  ONLY_VARIANT,
  type RivalOf,
  type Shape,
} from './benchmark.js';
import { timeCalls } from './sampling.js';

export interface KernelBenchContext<S extends Shape> {
  readonly device: Device;
  /** Owns what is allocated for this shape. */
  readonly scope: Scope;
  readonly shape: S;
  readonly variant: string;
}

/** A kernel with its inputs on the device. */
export interface PreparedKernel {
  /** Encodes one call, one dispatch. Calls follow each other, so each must find work to do. */
  readonly encode: (commands: Commands) => void;
  /**
   * Checks the answer of the first call against the oracle.
   *
   * @throws when it is wrong.
   */
  readonly verify: () => Promise<void>;
}

/** How one kernel is timed, declared once. */
export interface KernelBench<S extends Shape> {
  readonly name: string;
  /** The first stands for all. */
  readonly shapes: readonly S[];
  /** Shapes that take a software adapter minutes. */
  readonly hardwareShapes?: readonly S[];
  readonly variants?: readonly string[];
  /** The variant that the launcher takes on this adapter by itself. */
  readonly preferred?: (device: Device) => string;
  readonly operations: (shape: S) => number;
  /** What must move when every input is read once and every output written once. */
  readonly bytes: (shape: S) => number;
  readonly prepare: (context: KernelBenchContext<S>) => Promise<PreparedKernel>;
  readonly rival?: RivalOf<S>;
}

const SECONDS = 1.5;

export const WITHIN_BOUND = 'within the bound of its float64 oracle';

/** The kernel as work that can be timed beside any other. */
export function kernelBenchmark<S extends Shape>(bench: KernelBench<S>): Benchmark {
  const { name, variants = [ONLY_VARIANT], preferred = () => ONLY_VARIANT } = bench;
  const contend = async ({ device, variant, own, clock }: ContestContext, shape: S) => {
    const scope = own(new Scope(device));
    const { encode, verify } = await bench.prepare({ device, scope, shape, variant });
    return {
      verify: async () => {
        const commands = new Commands(device);
        encode(commands);
        await commands.finish();
        await verify();
        return WITHIN_BOUND;
      },
      time: (seconds: number) => timeCalls(device, encode, seconds, clock),
      cost: () => ({ operations: bench.operations(shape), bytes: bench.bytes(shape) }),
    };
  };
  return {
    name,
    variants,
    preferred,
    needsSource: false,
    seconds: SECONDS,
    cases: benchmarkCases(bench.shapes, bench.hardwareShapes ?? [], contend, bench.rival),
  };
}
