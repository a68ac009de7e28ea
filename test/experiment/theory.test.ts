import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { networkInputs } from '../../src/data/preprocess.js';
import { taskTargets } from '../../src/data/tasks.js';
import { drawExamples } from '../../src/experiment/examples.js';
import { run } from '../../src/experiment/run.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import type { Device } from '../../src/gpu/device.js';
import type { TwoLayerParameters } from '../../src/models/two-layer.js';
import { bestInHull, squaredDiameter } from '../../src/theory/hull.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { writeSource } from './source.js';

let root: string;
let data: string;
let device: Device;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-theory-'));
  data = await writeSource(join(root, 'data'), { rows: 3, columns: 5, train: 300, test: 9 });
  device = await sharedDevice();
});
afterAll(async () => {
  await requireNothingLeft();
  await rm(root, { recursive: true });
});

async function drive(flags: object) {
  const base = { examples: 90, width: 20, batch: 10, iterations: 30, picks: 12, fineTune: 0 };
  const config = parseRunConfig({ data, ...base, ...flags });
  const examples = drawExamples(await readImageSource(data), config.examples, 0);
  const events = run(device, { config, examples });
  let network: TwoLayerParameters | undefined;
  let loss: readonly number[] = [];
  for (;;) {
    const next = await events.next();
    if (next.done)
      return { summary: next.value, network: network as TwoLayerParameters, loss, examples };
    if (next.value.type === 'checkpoint') network = next.value.network;
    if (next.value.type === 'subnetwork') loss = [...(next.value.selection?.loss ?? [])];
  }
}

describe('the theory in the summary of a run', () => {
  test.each([{}, { rule: 'line-search', task: 'digits', pruneEvery: 15 }] as const)(
    '%o',
    async (flags) => {
      const { summary, network, loss, examples } = await drive(flags);
      const { theory } = summary;
      if ('missing' in theory) throw new Error(theory.missing);
      const { width: n, inputs: d, outputs: c, hidden, output } = network;
      const x = networkInputs(examples.train);
      const y = taskTargets('task' in flags ? flags.task : 'below-five', examples.train.labels);
      const m = examples.train.count;
      const phi = Array.from({ length: n }, (_, i) =>
        Float64Array.from({ length: m * c }, (_, at) => {
          const [j, q] = [Math.floor(at / c), at % c];
          let sum = 0;
          for (let p = 0; p < d; p++) sum += x[j * d + p]! * hidden[i * d + p]!;
          return Math.tanh(sum) * output[i * c + q]!;
        }),
      );
      const inner = (a: ArrayLike<number>, b: ArrayLike<number>) => {
        let sum = 0;
        for (let e = 0; e < a.length; e++) sum += a[e]! * b[e]!;
        return sum;
      };
      const problem = {
        gram: Float64Array.from(phi.flatMap((a) => phi.map((b) => inner(a, b)))),
        correlations: Float64Array.from(phi, (own) => inner(own, y)),
        energy: inner(y, y),
        examples: m,
      };
      const exact = bestInHull(problem, 1e-12);
      expect(theory.hull.converged).toBe(true);
      expect(theory.hull.gap).toBeLessThanOrEqual((1e-6 * problem.energy) / (2 * m));
      expect(Math.abs(theory.hull.loss - exact.loss)).toBeLessThan(theory.hull.gap + 1e-5);
      expect(theory.diameter).toBeCloseTo(squaredDiameter(problem) / m, 4);
      expect(theory.loss).toEqual(loss);
      expect(theory.bound).toHaveLength(12);
      theory.bound.forEach((bound, step) => {
        expect(loss[step]).toBeLessThanOrEqual(bound);
        expect(loss[step]).toBeGreaterThan(theory.hull.loss - theory.hull.gap - 1e-5);
      });
    },
  );

  test.each([
    [{ method: 'magnitude' }, /greedy/],
    [{ method: 'scratch' }, /nothing was selected/],
    [{ rule: 'corrective' }, /hull/],
    [{ replacement: false }, /with replacement/],
    [{ candidates: 5 }, /all candidates/],
    [{ selectionBatch: 50 }, /all examples/],
    [{ loss: 'cross-entropy', task: 'digits' }, /squared loss/],
    [{ width: 200 }, /memory/],
    [{ width: 2049, examples: 9, iterations: 1 }, /2048 neurons/],
  ])('is left out, with the reason, of %j', async (flags, reason) => {
    const { summary } = await drive(flags);
    expect(summary.theory).toEqual({ missing: expect.stringMatching(reason) });
  });
});
