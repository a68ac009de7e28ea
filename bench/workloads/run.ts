import { parseRunConfig } from '../../src/study/config.js';
import { drawExamples } from '../../src/study/examples.js';
import { run } from '../../src/study/run.js';
import type { RunSummary } from '../../src/study/run-events.js';
import { type Benchmark, type ContestContext, requireSource, workload } from '../benchmark.js';
import { timeRuns } from '../sampling.js';
import { stepOperations } from './training-step.js';

const CONFIG = parseRunConfig({});
const INPUTS = 785;

/** A run takes long enough on a software adapter that the verified one and one more are enough. */
const LEAST_RUNS = 1;
/** The worst of the three networks reached 0.906; a network that learnt nothing has 0.51. */
const LEAST_ACCURACY = 0.85;

/** `espalier run` with its defaults, from images in memory to the summary, without its files. */
export const wholeRun: Benchmark = workload({
  name: 'run',
  seconds: 30,
  shapes: [{ n: CONFIG.width, m: CONFIG.examples, k: CONFIG.neurons }],
  contend,
});

async function contend(context: ContestContext) {
  const { device, signal } = context;
  const examples = drawExamples(requireSource(context), CONFIG.examples, CONFIG.seed);
  const once = async (): Promise<RunSummary> => {
    const events = run(device, { config: CONFIG, examples }, signal);
    for (;;) {
      const next = await events.next();
      if (next.done) return next.value;
    }
  };
  let summary: RunSummary | undefined;
  return {
    verify: async () => {
      summary = await once();
      const { dense, subnetwork, fineTuned } = summary;
      const networks = [dense, subnetwork, ...(fineTuned ? [fineTuned] : [])];
      const worst = Math.min(...networks.map(({ testAccuracy }) => testAccuracy));
      if (!(worst >= LEAST_ACCURACY)) throw new Error(`a test accuracy of ${worst}`);
      return `test accuracies from ${worst}`;
    },
    time: (seconds: number) => timeRuns(once, seconds, LEAST_RUNS),
    cost: () => ({
      operations: summary ? operationsOf(summary, examples.test.count) : 0,
      bytes: 4 * INPUTS * (examples.train.count + examples.test.count),
    }),
  };
}

/** Steps of both trainings, and the forward passes of the evaluations; selection is far less. */
function operationsOf({ dense, subnetwork, fineTuned }: RunSummary, tests: number): number {
  const examples = CONFIG.batch === 'full' ? CONFIG.examples : CONFIG.batch;
  const steps = (n: number) => stepOperations({ n, d: INPUTS }, examples);
  const forward = (n: number) => 2 * n * INPUTS * (CONFIG.examples + tests);
  const [n, small] = [dense.neurons, subnetwork.neurons];
  return (
    CONFIG.iterations * steps(n) +
    forward(n) +
    forward(small) +
    (fineTuned ? CONFIG.fineTune * steps(small) + forward(small) : 0)
  );
}
