import type { Contender, ContestContext, Cost } from '../benchmark.js';
import { timeRepeated } from '../sampling.js';

/** Another library that does the same work on the same adapter, on a device of its own. */
export interface Peer {
  readonly subject: 'jax-js' | 'tfjs';
  /** Its npm package, whose version a report names. */
  readonly package: string;
  /** Opens its device once. */
  readonly open: () => Promise<GPUDevice>;
  readonly works: PeerWorks;
}

/** One work as a peer does it, with its inputs on the device. */
export interface PeerProgram<Answer> extends Disposable {
  /** Does the work so many times, to the end of the queue. */
  readonly run: (times: number) => Promise<void>;
  /** What the last run has left; of training steps, what all of them have. */
  readonly answer: () => Promise<Answer>;
}

export type Prepare<Task, Answer> = (task: Task) => Promise<PeerProgram<Answer>>;

/** The works that have peers. A peer need not do all of them. */
export interface PeerWorks {
  readonly matmul?: Prepare<MatmulTask, Float32Array>;
  readonly hidden?: Prepare<HiddenTask, Float32Array>;
  readonly 'sgd-step'?: Prepare<StepTask, StepWeights>;
  readonly 'gd-step'?: Prepare<StepTask, StepWeights>;
  readonly selection?: Prepare<SelectionTask, ArrayLike<number>>;
  readonly 'cross-entropy-selection'?: Prepare<SelectionTask, ArrayLike<number>>;
}

/** A B, with A [m × k], or [k × m] where it is to be transposed, and B [k × n]. */
export interface MatmulTask {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** tanh(X Aᵀ) [m × n], of inputs X [m × d] and Aᵀ [d × n]. */
export interface HiddenTask {
  readonly m: number;
  readonly d: number;
  readonly n: number;
  readonly inputs: Float32Array;
  /** Aᵀ: whichever way a library wants it, turning it is not part of the work. */
  readonly hidden: Float32Array;
}

/** Steps θ ← θ − η N ∂L/∂θ of f(x) = (1/N) Σ b_i tanh(a_i·x), L = 1/(2 batch) Σ (f − y)². */
export interface StepTask extends HiddenTask {
  /** Y [m]. */
  readonly targets: Float32Array;
  /** B [n]. */
  readonly output: Float32Array;
  readonly learningRate: number;
  /** Draws the examples of the next step; absent when a step takes all. */
  readonly nextBatch?: (() => Int32Array) | undefined;
}

export interface StepWeights {
  /** Aᵀ [d × n]. */
  readonly hidden: Float32Array;
  /** B [n]. */
  readonly output: Float32Array;
}

/** k greedy picks from H [m × n], B [n × c] and Y [m × c]; an answer is the picks in order. */
export interface SelectionTask {
  readonly m: number;
  readonly n: number;
  readonly outputs: number;
  readonly picks: number;
  readonly activations: Float32Array;
  readonly weights: Float32Array;
  readonly targets: Float32Array;
}

/** What a work asks of a peer, and how it judges the answer. */
export interface Challenge<Task, Answer> {
  readonly task: Task;
  /** @throws when the answer is wrong. */
  readonly check: (answer: Answer) => string;
  /** Known once an answer has been checked. */
  readonly cost: () => Cost;
}

/** Where a run takes longer, one sample has to do, … */
const SLOW_MILLIS = 20_000;
/** … and from here on none: a software adapter would need minutes. */
const HOPELESS_MILLIS = 60_000;

/** A peer's program as a contender like any other. */
export async function peerContender<Task, Answer>(
  { device, own }: ContestContext,
  peer: Peer,
  prepare: Prepare<Task, Answer>,
  { task, check, cost }: Challenge<Task, Answer>,
): Promise<Contender> {
  requireSameAdapter(device.raw, await peer.open());
  const program = own(await prepare(task));
  // Here and not in `verify`: a program that does not run has failed, and is not wrong.
  const start = performance.now();
  await program.run(1);
  const first = performance.now() - start;
  if (first > HOPELESS_MILLIS) throw new Error(`one run takes ${Math.round(first / 1000)} s here`);
  const slow = first > SLOW_MILLIS;
  let timed = false;
  return {
    verify: async () => check(await program.answer()),
    time: async (seconds) => {
      if (slow && timed) return [];
      timed = true;
      return timeRepeated(program.run, slow ? 0 : seconds);
    },
    cost,
  };
}

/** @throws when the peer has opened another adapter than this library: they would not compare. */
function requireSameAdapter(own: GPUDevice, other: GPUDevice): void {
  const [ours, theirs] = [own, other].map(({ adapterInfo }) =>
    [adapterInfo.vendor, adapterInfo.architecture, adapterInfo.description].join(' '),
  );
  if (ours !== theirs) throw new Error(`it opened another adapter, ${theirs} and not ${ours}`);
}
