import { networkInputs } from '../../src/data/preprocess.js';
import { taskTargets } from '../../src/data/tasks.js';
import { drawExamples } from '../../src/experiment/examples.js';
import { finalResult } from '../../src/experiment/relay.js';
import { run } from '../../src/experiment/run.js';
import { fineTuneRate, parseRunConfig } from '../../src/experiment/run-config.js';
import type { RunSummary } from '../../src/experiment/run-events.js';
import {
  type Benchmark,
  type ContestContext,
  type Cost,
  requireSource,
  workload,
} from '../benchmark.js';
import { rivalry } from '../peers/contender.js';
import type { RunTask } from '../peers/peer.js';
import { wholeRunFrom } from '../peers/run.js';
import { timeRuns } from '../sampling.js';
import { prepareSetup, readSetup } from './network.js';
import { drawMinibatches, stepOperations } from './training-step.js';

const CONFIG = parseRunConfig({ controls: false });
const INPUTS = 785;

/** A run takes long enough on a software adapter that the verified one and one more are enough. */
const LEAST_RUNS = 1;
/** The worst of the three networks reached 0.906; a network that learnt nothing has 0.51. */
const LEAST_ACCURACY = 0.85;

/** `espalier run --no-controls`, from images in memory to the summary, without its files. */
export const wholeRun: Benchmark = workload({
  name: 'run',
  seconds: 30,
  shapes: [{ n: CONFIG.width, m: CONFIG.examples, k: CONFIG.picks }],
  contend,
  rival: rivalry(wholeRunFrom, challenge),
});

async function contend(context: ContestContext) {
  const { device, signal } = context;
  const examples = drawExamples(requireSource(context), CONFIG.examples, CONFIG.seed);
  const account = await context.share(openAccount);
  const once = () => finalResult(run(device, { config: CONFIG, examples }, signal));
  return {
    verify: async () => {
      const summary = await once();
      account.summary = summary;
      const { dense, subnetwork, fineTuned } = summary;
      const networks = [dense, subnetwork, ...(fineTuned ? [fineTuned] : [])];
      return requireLearnt(networks.map(({ testAccuracy }) => testAccuracy));
    },
    time: (seconds: number) => timeRuns(once, seconds, LEAST_RUNS),
    cost: () => runCost(account, examples.test.count),
  };
}

/** The same from the same images, first weights and batches. */
async function challenge(context: ContestContext) {
  const account = await context.share(openAccount);
  const { examples: m, width, seed, picks, iterations, learningRate, fineTune, batch } = CONFIG;
  const { test } = drawExamples(requireSource(context), m, seed);
  const { inputs, targets, ...network } = await readSetup(prepareSetup(context, m, width));
  const task: RunTask = {
    train: { m, inputs, targets },
    test: {
      m: test.count,
      inputs: networkInputs(test),
      targets: taskTargets(CONFIG.task, test.labels),
    },
    d: INPUTS,
    network,
    picks,
    learningRate,
    iterations,
    fineTuneRate: fineTuneRate(CONFIG),
    fineTune,
    drawMinibatches: () => drawMinibatches(batch === 'full' ? m : batch, m),
  };
  const cost = () => runCost(account, test.count);
  return { task, check: requireLearnt, cost };
}

/** How many neurons were kept says what a run costs; this library's own run tells it. */
interface Account {
  summary: RunSummary | undefined;
}

async function openAccount(): Promise<Account> {
  return { summary: undefined };
}

/** @throws when a network has learnt nothing. */
function requireLearnt(testAccuracies: readonly number[]): string {
  const worst = Math.min(...testAccuracies);
  if (!(worst >= LEAST_ACCURACY)) throw new Error(`a test accuracy of ${worst}`);
  return `test accuracies from ${worst}`;
}

function runCost({ summary }: Account, tests: number): Cost {
  return {
    operations: summary ? runOperations(summary, tests) : 0,
    bytes: 4 * INPUTS * (CONFIG.examples + tests),
  };
}

/** Steps of both trainings, and the forward passes of the evaluations; selection is far less. */
function runOperations({ dense, subnetwork, fineTuned }: RunSummary, tests: number): number {
  const examples = CONFIG.batch === 'full' ? CONFIG.examples : CONFIG.batch;
  const steps = (n: number) => stepOperations({ n, d: INPUTS }, examples);
  const forward = (n: number) => 2 * n * INPUTS * (CONFIG.examples + tests);
  const [n, small] = [dense.width, subnetwork.width];
  return (
    CONFIG.iterations * steps(n) +
    forward(n) +
    forward(small) +
    (fineTuned ? CONFIG.fineTune * steps(small) + forward(small) : 0)
  );
}
