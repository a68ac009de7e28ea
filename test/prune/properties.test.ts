import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Device } from '../../src/gpu/device.js';
import type { RuleName } from '../../src/prune/choices.js';
import type { Selection } from '../../src/prune/problem.js';
import { sumBound } from '../../src/reference/bound.js';
import {
  mixtureOutputs,
  outputsLoss,
  type ReferenceProblem,
} from '../../src/reference/selection.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { bestPick, decidedSteps, judgeFor, measurementBound, selectionFaults } from './judge.js';
import { drawSample, referenceProblem, type Sample } from './problems.js';
import { greedy, type Run } from './run.js';

const RULES = ['average', 'line-search', 'corrective'] as const satisfies readonly RuleName[];

const SAMPLES = [
  { name: 'untrained, C = 1', sample: drawSample({ examples: 97, width: 43, outputs: 1 }, 0) },
  { name: 'trained, C = 1', sample: drawSample({ examples: 97, width: 43, outputs: 1 }, 100) },
  { name: 'untrained, C = 3', sample: drawSample({ examples: 61, width: 31, outputs: 3 }, 0) },
  { name: 'trained, C = 3', sample: drawSample({ examples: 61, width: 31, outputs: 3 }, 100) },
] as const;

/** Σ|α|, or 1 for a convex mixture. */
function shareAmplitude({ finalShares }: Selection): number {
  return Math.max(
    1,
    finalShares.reduce((sum, share) => sum + Math.abs(share), 0),
  );
}

/**
 * How much a step that float32 takes for an improvement can worsen the loss. Its e and f are each
 * a sum of at most four inner products of outputs or targets, carried over `step` updates; a step
 * γ ≤ 1 on errors ε of e and f raises ‖u − y‖² by at most 3ε.
 */
function stepBound({ phi, y, examples, outputs }: ReferenceProblem, step: number): number {
  const squares = [...phi, y].map((own) => own.reduce((sum, x) => sum + x * x, 0));
  const error = sumBound(examples + outputs + 4, 4 * Math.max(...squares));
  return (3 * (step + 1) * error) / (2 * examples);
}

describe('properties of greedy selection', () => {
  let device: Device;
  beforeAll(async () => {
    device = await sharedDevice();
  });
  afterAll(requireNothingLeft);

  describe.each(SAMPLES)('$name', ({ sample }) => {
    const problem = referenceProblem(sample);

    test.each([true, false])(
      'best steps never raise the loss, replacement %s',
      async (replacement) => {
        const curves: Record<string, Float32Array> = {};
        for (const rule of ['line-search', 'corrective'] as const) {
          const selection = await greedy(device, sample, { rule, replacement, picks: 17 });
          const { loss } = selection;
          const terms = selection.kept.length;
          loss.forEach((after, step) => {
            const before = loss[step - 1] ?? Number.POSITIVE_INFINITY;
            const rounding = 2 * measurementBound(problem, after, terms, shareAmplitude(selection));
            expect(after - before).toBeLessThanOrEqual(rounding + stepBound(problem, step));
          });
          curves[rule] = loss;
          if (rule === 'corrective') continue;
          // Least squares on the same neurons reaches every mixture of them.
          const picks = [...selection.selected];
          loss.forEach((after, step) => {
            const refitted = outputsLoss(
              problem,
              mixtureOutputs(problem, 'corrective', picks.slice(0, step + 1)),
            );
            expect(refitted).toBeLessThanOrEqual(after + measurementBound(problem, after, terms));
          });
        }
        // Guaranteed for the first pick, whose best weight includes weight 1. Later picks of either
        // rule are made greedily from different places, so for them this is what these problems show.
        curves.corrective?.forEach((loss, step) => {
          const other = curves['line-search']?.[step] ?? Number.POSITIVE_INFINITY;
          expect(loss).toBeLessThanOrEqual(other + measurementBound(problem, loss, step + 1));
        });
      },
    );

    test.each(RULES)('the first pick of %s is that of brute force', async (rule) => {
      const { selected, loss, finalShares } = await greedy(device, sample, { rule, picks: 1 });
      const losses = problem.phi.map((own) => {
        // The best weight of one neuron alone is ⟨φ, y⟩ / ‖φ‖².
        const q = own.reduce((sum, x, e) => sum + x * (problem.y[e] ?? 0), 0);
        const d = own.reduce((sum, x) => sum + x * x, 0);
        const share = rule === 'corrective' ? q / d : 1;
        return {
          share,
          loss: outputsLoss(
            problem,
            own.map((x) => share * x),
          ),
        };
      });
      const best = losses.reduce((a, b) => (b.loss < a.loss ? b : a));
      expect([...selected]).toEqual([losses.indexOf(best)]);
      expect(Math.abs((loss[0] ?? 0) - best.loss)).toBeLessThan(1e-4 * best.loss);
      expect(finalShares[0]).toBeCloseTo(best.share, 5);
    });

    test.each(
      sample.outputs > 1 ? (['squared', 'cross-entropy'] as const) : (['squared'] as const),
    )(
      'direct evaluation by %s: one pick is brute force’s, and the order of examples is nothing to it',
      async (loss) => {
        const direct = { oracle: 'direct', loss } as const;
        const judged = referenceProblem(sample, loss);
        const alone = judged.phi.map((own) => outputsLoss(judged, own));
        const one = await greedy(device, sample, { ...direct, picks: 1 });
        const best = Math.min(...alone);
        expect([...one.selected]).toEqual([alone.indexOf(best)]);
        expect(Math.abs((one.loss[0] ?? 0) - best)).toBeLessThan(1e-4 * best);
        const plain = await greedy(device, sample, direct);
        const permuted = await greedy(device, permutedSample(sample), {
          ...direct,
          rowsPerChunk: 17,
        });
        const decided = decidedSteps(judgeFor(judged, 'average', true), [...plain.selected]);
        expect(decided).toBeGreaterThan(0);
        for (let step = 0; step < decided; step++) {
          const [a, b] = [plain.loss[step] ?? 0, permuted.loss[step] ?? 1];
          expect(permuted.selected[step]).toBe(plain.selected[step]);
          expect(Math.abs(a - b)).toBeLessThan(1e-5 * a);
        }
      },
    );

    test.each(RULES)('a permutation of the examples changes nothing for %s', async (rule) => {
      const judge = judgeFor(problem, rule, true);
      const plain = await greedy(device, sample, { rule });
      const permuted = await greedy(device, permutedSample(sample), { rule, rowsPerChunk: 17 });
      const decided = decidedSteps(judge, [...plain.selected]);
      expect([...permuted.selected.slice(0, decided)]).toEqual([
        ...plain.selected.slice(0, decided),
      ]);
      expect(decided).toBeGreaterThan(0);
      for (let step = 0; step < decided; step++) {
        const [a, b] = [plain.loss[step] ?? 0, permuted.loss[step] ?? 1];
        // Besides the two measurements, the shares may differ in their last bits.
        const shares = rule === 'average' ? 0 : stepBound(problem, step);
        const rounding = 2 * measurementBound(problem, a, step + 1, shareAmplitude(plain));
        expect(Math.abs(a - b)).toBeLessThanOrEqual(rounding + shares);
      }
    });
  });

  test.each(RULES)('block and cache never change the picks of %s', async (rule) => {
    // So few examples that the cache holds no more than the rows of one pass, or three.
    for (const examples of [13, 61]) {
      const sample = drawSample({ examples, width: 53, outputs: 2 }, 20);
      for (const replacement of [true, false]) {
        const options = { rule, replacement, oracle: 'rows', picks: 25 } as const;
        const first = await greedy(device, sample, { ...options, block: 1 });
        expect(first.plan).toMatchObject({ block: 1, capacity: Math.floor(examples / 4) });
        for (const block of [3, 4, 16]) {
          const other = await greedy(device, sample, { ...options, block });
          const { capacity } = other.plan;
          expect(capacity).toBe(Math.max(block, Math.floor(examples / 4)));
          expect([...other.selected]).toEqual([...first.selected]);
          expect(other.loss).toEqual(first.loss);
          // With so small a cache guessed rows crowd out rows that are asked for again.
          expect(other.passes).toBeLessThanOrEqual(25);
        }
      }
    }
  });

  test.each([1, 2])('a lookahead changes no pick and saves passes, C = %i', async (outputs) => {
    // More examples than are sampled, and neurons few enough for the estimates' memory.
    const sample = drawSample({ examples: 263, width: 61, outputs }, 100);
    for (const replacement of [true, false]) {
      const options = { replacement, oracle: 'rows', picks: 40 } as const;
      const first = await greedy(device, sample, { ...options, block: 1 });
      expect(first.plan.lookahead).toBe(false);
      for (const layout of [{ block: 2 }, { block: 8 }, { block: 16, rowsPerChunk: 140 }]) {
        const other = await greedy(device, sample, { ...options, ...layout });
        expect(other.plan).toMatchObject({ block: layout.block, lookahead: true });
        expect([...other.selected]).toEqual([...first.selected]);
        expect(other.passes).toBeLessThan(first.passes);
      }
    }
  });

  test('a pass for each distinct pick, fewer with larger blocks, one with the Gram matrix', async () => {
    const sample = drawSample({ examples: 181, width: 43, outputs: 1 }, 100);
    const passes = async (options: Run) => {
      const found = await greedy(device, sample, { picks: 40, ...options });
      return { passes: found.passes, distinct: found.kept.length };
    };
    const one = await passes({ oracle: 'rows', block: 1 });
    expect(one.passes).toBe(one.distinct);
    const four = await passes({ oracle: 'rows', block: 4 });
    expect(four.passes).toBeLessThan(one.passes);
    expect((await passes({ oracle: 'rows', block: 43 })).passes).toBe(1);
    expect((await passes({ oracle: 'gram' })).passes).toBe(1);
    expect((await passes({ oracle: 'direct' })).passes).toBe(40);
    expect((await passes({ oracle: 'rows', rowsPerChunk: 60, streamed: true })).passes).toBe(40);
  });

  test.each([
    ['average', 'squared', 'rows'],
    ['average', 'squared', 'gram'],
    ['average', 'squared', 'direct'],
    ['average', 'cross-entropy', 'direct'],
    ['line-search', 'squared', 'rows'],
    ['line-search', 'squared', 'gram'],
    ['corrective', 'squared', 'rows'],
    ['corrective', 'squared', 'gram'],
  ] as const)('%s, %s, %s: of equal neurons the lowest is picked', async (rule, loss, oracle) => {
    const sample = withCopies(drawSample({ examples: 71, width: 29, outputs: 2 }, 50));
    const { selected } = await greedy(device, sample, { rule, loss, oracle });
    // Neuron i and its copies i + 29 and i + 58 are equal in every bit.
    expect(Math.max(...selected)).toBeLessThan(29);
    const options = { rule, loss, oracle, replacement: false };
    const alone = [...(await greedy(device, sample, options)).selected];
    alone.forEach((pick, at) => {
      const before = alone.slice(0, at);
      for (let copy = pick - 29; copy >= 0; copy -= 29) expect(before).toContain(copy);
    });
  });

  test('without replacement every neuron can be picked, each once', async () => {
    const sample = drawSample({ examples: 67, width: 19, outputs: 1 }, 20);
    const judge = judgeFor(referenceProblem(sample), 'average', false);
    for (const oracle of ['rows', 'gram', 'direct'] as const) {
      const selection = await greedy(device, sample, { oracle, picks: 19, replacement: false });
      expect([...selection.selected].sort((a, b) => a - b)).toEqual([...Array(19).keys()]);
      expect(selectionFaults(judge, selection)).toEqual([]);
      expect(selection.stopped).toBe('count');
    }
  });

  test('the same run gives the same bits, and more picks than neurons are served', async () => {
    const sample = drawSample({ examples: 37, width: 5, outputs: 3 }, 30);
    const judge = judgeFor(referenceProblem(sample), 'average', true);
    const first = await greedy(device, sample, { picks: 40 });
    const second = await greedy(device, sample, { picks: 40 });
    expect(second).toEqual(first);
    expect(selectionFaults(judge, first)).toEqual([]);
    expect(bestPick(judge, []).pick).toBe(first.selected[0]);
  });
});

/** Every neuron three times: i, i + N and i + 2N. */
function withCopies(sample: Sample): Sample {
  const { examples, width: n, outputs, h, b } = sample;
  const thrice = (data: Float32Array, rows: number, of: (row: number, i: number) => number) =>
    Float32Array.from(
      { length: data.length * 3 },
      (_, at) => data[of(Math.floor(at / rows), at % rows)] ?? 0,
    );
  return {
    ...sample,
    width: 3 * n,
    h: thrice(h, 3 * n, (j, i) => j * n + (i % n)),
    b: Float32Array.from({ length: 3 * n * outputs }, (_, at) => b[at % (n * outputs)] ?? 0),
    examples,
  };
}

/** The examples in another order. */
function permutedSample(sample: Sample): Sample {
  const { examples: m, width, outputs, h, y } = sample;
  const source = (row: number) => (row * 29 + 11) % m;
  const permuted = (data: Float32Array, width: number) =>
    data.map((_, at) => data[source(Math.floor(at / width)) * width + (at % width)] ?? 0);
  return { ...sample, h: permuted(h, width), y: permuted(y, outputs) };
}
