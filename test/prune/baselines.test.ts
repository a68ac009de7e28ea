import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LossKind } from '../../shaders/point-loss.js';
import { finalResult } from '../../src/experiment/relay.js';
import type { Device } from '../../src/gpu/device.js';
import { Scope } from '../../src/gpu/scope.js';
import { rankByMagnitude } from '../../src/prune/baselines/magnitude.js';
import type { MethodName } from '../../src/prune/choices.js';
import { select } from '../../src/prune/methods.js';
import type { Selection } from '../../src/prune/problem.js';
import { randomStream } from '../../src/random.js';
import { outputsLoss, type ReferenceProblem } from '../../src/reference/selection.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { weightedOutputs } from './judge.js';
import {
  drawSample,
  type Layout,
  referenceProblem,
  type Sample,
  uploadSample,
} from './problems.js';

const SHAPES = [
  { examples: 61, width: 11, outputs: 1 },
  { examples: 47, width: 13, outputs: 2 },
  { examples: 37, width: 9, outputs: 10 },
] as const;

const SAMPLES = SHAPES.flatMap((shape) => [
  { name: `untrained, C = ${shape.outputs}`, sample: drawSample(shape, 0) },
  { name: `trained, C = ${shape.outputs}`, sample: drawSample(shape, 60) },
]);

const LAYOUTS: readonly Layout[] = [{}, { rowsPerChunk: 17 }, { rowsPerChunk: 20, streamed: true }];

describe('baselines against their definitions', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  async function choose(
    sample: Sample,
    method: MethodName,
    options: {
      k?: number;
      loss?: LossKind;
      seed?: number;
      layout?: Layout;
      hidden?: Float32Array;
    } = {},
  ): Promise<Selection> {
    const { k = sample.width, loss, seed, layout, hidden = new Float32Array() } = options;
    using scope = new Scope(device);
    return await finalResult(
      select(device, uploadSample(scope, sample, loss, layout), {
        method,
        picks: k,
        replacement: false,
        hidden: async () => hidden,
        ...(seed !== undefined && { seed }),
      }),
    );
  }

  /** Order, each neuron once, losses of every prefix's average, and shares 1 / k. */
  function requireSound(
    problem: ReferenceProblem,
    { selected, loss, kept, finalShares }: Selection,
  ) {
    const k = selected.length;
    expect([...kept]).toEqual([...selected]);
    expect(new Set(selected).size).toBe(k);
    expect(finalShares).toEqual(new Float32Array(k).fill(1 / k));
    loss.forEach((reported, step) => {
      const prefix = selected.slice(0, step + 1);
      const finalShares = new Float32Array(step + 1).fill(1 / (step + 1));
      const exact = outputsLoss(problem, weightedOutputs(problem, { kept: prefix, finalShares }));
      expect(Math.abs(reported - exact)).toBeLessThan(1e-4 * exact);
    });
  }

  /** The ranking descends by the definition's values, but for what rounding can exchange. */
  function requireDescending(values: readonly number[], selected: Uint32Array) {
    const slack = 1e-5 * Math.max(...values);
    selected.forEach((neuron, place) => {
      const next = selected[place + 1];
      if (next === undefined) return;
      expect(values[neuron]).toBeGreaterThanOrEqual((values[next] ?? Number.NaN) - slack);
    });
  }

  describe.each(SAMPLES)('$name', ({ sample }) => {
    const { width: n, examples: m, outputs } = sample;
    const problem = referenceProblem(sample);
    const losses = outputs > 1 ? (['squared', 'cross-entropy'] as const) : (['squared'] as const);

    test('random', async () => {
      const first = await choose(sample, 'random', { seed: 1, k: 5 });
      requireSound(problem, first);
      expect(first).toMatchObject({ stopped: 'count', passes: 0 });
      expect(await choose(sample, 'random', { seed: 1, k: 5 })).toEqual(first);
      const longer = await choose(sample, 'random', { seed: 1 });
      expect([...longer.selected.slice(0, 5)]).toEqual([...first.selected]);
      expect([...longer.selected].sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      expect([...(await choose(sample, 'random', { seed: 2 })).selected]).not.toEqual([
        ...longer.selected,
      ]);
    });

    test('magnitude', async () => {
      const stream = randomStream(5, 'hidden weights');
      const hidden = Float32Array.from({ length: n * 3 }, () => stream.normal());
      const norm = (data: Float32Array, width: number, i: number) =>
        Math.sqrt(data.slice(i * width, (i + 1) * width).reduce((sum, x) => sum + x * x, 0));
      const values = Array.from(
        { length: n },
        (_, i) => norm(hidden, 3, i) * norm(sample.b, outputs, i),
      );
      const found = await choose(sample, 'magnitude', { hidden });
      requireSound(problem, found);
      requireDescending(values, found.selected);
    });

    test('activation', async () => {
      const values = problem.phi.map((own) => own.reduce((sum, x) => sum + x * x, 0));
      for (const layout of LAYOUTS) {
        const found = await choose(sample, 'activation', { layout });
        requireSound(problem, found);
        requireDescending(values, found.selected);
      }
    });

    test.each(losses)('gradient, %s', async (loss) => {
      const judged = referenceProblem(sample, loss);
      const outputsAt = (gates: readonly number[]) =>
        judged.y.map((_, e) =>
          gates.reduce((sum, g, i) => sum + (g * (judged.phi[i]?.[e] ?? 0)) / n, 0),
        );
      // A central difference of the loss over each gate; its error is of the order of the cube.
      const values = judged.phi.map((_, i) => {
        const at = (g: number) =>
          outputsLoss(judged, outputsAt(judged.phi.map((_, o) => (o === i ? g : 1))));
        return Math.abs(at(1 + 1e-4) - at(1 - 1e-4)) / 2e-4;
      });
      for (const layout of LAYOUTS) {
        const found = await choose(sample, 'gradient', { loss, layout });
        requireSound(judged, found);
        requireDescending(values, found.selected);
      }
    });

    test('backward is brute-force elimination', async () => {
      for (const layout of LAYOUTS) {
        const found = await choose(sample, 'backward', { layout });
        requireSound(problem, found);
        const alive = new Set(Array.from({ length: n }, (_, i) => i));
        for (const out of [...found.selected].reverse().slice(0, n - 1)) {
          const removals = [...alive].map((i) => {
            const left = Uint32Array.from([...alive].filter((other) => other !== i));
            const finalShares = new Float32Array(left.length).fill(1 / left.length);
            return {
              i,
              loss: outputsLoss(problem, weightedOutputs(problem, { kept: left, finalShares })),
            };
          });
          const best = Math.min(...removals.map(({ loss }) => loss));
          const chosen = removals.find(({ i }) => i === out)?.loss ?? Number.NaN;
          expect(chosen - best).toBeLessThanOrEqual(1e-5);
          alive.delete(out);
        }
      }
      expect(m).toBeGreaterThan(n);
    });
  });

  test('among equal neurons the lowest index comes first, and is eliminated first', async () => {
    const sample = drawSample({ examples: 31, width: 1, outputs: 2 }, 0);
    const equal: Sample = {
      ...sample,
      width: 6,
      h: Float32Array.from({ length: 31 * 6 }, (_, at) => sample.h[Math.floor(at / 6)] ?? 0),
      b: Float32Array.from({ length: 12 }, (_, at) => sample.b[at % 2] ?? 0),
    };
    const hidden = new Float32Array(12).fill(0.5);
    for (const method of ['magnitude', 'activation', 'gradient'] as const) {
      const { selected } = await choose(equal, method, { hidden });
      expect([...selected]).toEqual([0, 1, 2, 3, 4, 5]);
    }
    expect([...(await choose(equal, 'backward')).selected]).toEqual([5, 4, 3, 2, 1, 0]);
  });

  test('rows of weights may be longer than the arguments of a call', () => {
    const hidden = Float32Array.from({ length: 800_000 }, (_, at) => (at < 400_000 ? 1 : -2));
    expect([...rankByMagnitude(2, hidden, Float32Array.of(1, 1))]).toEqual([1, 0]);
  });
});
