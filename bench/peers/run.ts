import { DISPOSE } from '../../src/disposal.js';
import {
  NotWaitedFor,
  type PeerProgram,
  type PeerWorks,
  type Prepare,
  type RunTask,
  type StepWeights,
} from './peer.js';

type Parts = Required<Pick<PeerWorks, 'hidden' | 'trainingStep' | 'selection'>>;

/** Steps after which it is known how long a training will take. */
const TRIAL_STEPS = 20;
const LONGEST_MILLIS = 120_000;

/**
 * A whole run from a peer's own works: train, measure, select, measure, fine-tune, measure. Weights
 * and activations pass through memory in between, which costs milliseconds of its many seconds.
 * Undefined where a part is missing.
 */
export function wholeRunFrom({
  hidden,
  trainingStep,
  selection,
}: PeerWorks): Prepare<RunTask, readonly number[]> | undefined {
  return hidden && trainingStep && selection && wholeRun({ hidden, trainingStep, selection });
}

function wholeRun(works: Parts): Prepare<RunTask, readonly number[]> {
  return async (task) => {
    let accuracies: readonly number[] = [];
    const once = async (): Promise<readonly number[]> => {
      const { train, d, learningRate, iterations, fineTuneRate, fineTune } = task;
      const network = await trained(works, task, {
        weights: task.network,
        learningRate,
        steps: iterations,
      });
      const n = network.output.length;
      using forward = await works.hidden({ ...train, d, n, hidden: network.hidden });
      await forward.run(1);
      using selection = await works.selection({
        m: train.m,
        n,
        outputs: 1,
        picks: task.picks,
        activations: await forward.answer(),
        weights: network.output,
        targets: train.targets,
      });
      await selection.run(1);
      const small = subnetworkWeights(network, Array.from(await selection.answer()));
      const tuned = await trained(works, task, {
        weights: small,
        learningRate: fineTuneRate,
        steps: fineTune,
      });
      return [
        await testAccuracy(works, task, network),
        await testAccuracy(works, task, small),
        await testAccuracy(works, task, tuned),
      ];
    };
    return {
      run: async (times) => {
        for (let time = 0; time < times; time++) accuracies = await once();
      },
      answer: async () => accuracies,
      [DISPOSE]: () => undefined,
    } satisfies PeerProgram<readonly number[]>;
  };
}

async function trained(
  works: Parts,
  { train, d, drawMinibatches }: RunTask,
  {
    weights,
    learningRate,
    steps,
  }: {
    readonly weights: StepWeights;
    readonly learningRate: number;
    readonly steps: number;
  },
): Promise<StepWeights> {
  const n = weights.output.length;
  const nextMinibatch = drawMinibatches();
  using training = await works.trainingStep({
    ...train,
    ...weights,
    d,
    n,
    learningRate,
    nextMinibatch,
  });
  await training.run(1);
  const start = performance.now();
  await training.run(TRIAL_STEPS);
  const whole = ((performance.now() - start) / TRIAL_STEPS) * steps;
  if (whole > LONGEST_MILLIS) {
    throw new NotWaitedFor(`its ${steps} steps would take ${Math.round(whole / 1000)} s here`);
  }
  await training.run(steps - 1 - TRIAL_STEPS);
  // Awaited here, since what it reads is freed at the end of this block.
  return await training.answer();
}

/** Share of the test images that f(x) = (1/n) Σ b_i tanh(a_i·x) puts on the right side of a half. */
async function testAccuracy(works: Parts, { test, d }: RunTask, weights: StepWeights) {
  const n = weights.output.length;
  using forward = await works.hidden({ ...test, d, n, hidden: weights.hidden });
  await forward.run(1);
  const activations = await forward.answer();
  let right = 0;
  test.targets.forEach((target, j) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += (activations[j * n + i] as number) * (weights.output[i] as number);
    }
    right += Number(sum / n > 0.5 === target > 0.5);
  });
  return right / test.m;
}

/** The picked neurons as a network of their own: b_s ← b_s · α_s · n, with α_s its share of picks. */
function subnetworkWeights({ hidden, output }: StepWeights, picks: readonly number[]): StepWeights {
  const kept = [...new Set(picks)];
  const [n, width] = [kept.length, output.length];
  const columns = new Float32Array((hidden.length / width) * n);
  for (let at = 0; at < columns.length; at++) {
    columns[at] = hidden[Math.floor(at / n) * width + (kept[at % n] as number)] as number;
  }
  const timesPicked = (neuron: number) => picks.filter((pick) => pick === neuron).length;
  const scaled = kept.map((s) => ((output[s] as number) * timesPicked(s) * n) / picks.length);
  return { hidden: columns, output: Float32Array.from(scaled) };
}
