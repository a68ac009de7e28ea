import { requireSame, requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { CORRECTIVE_WORDS } from '../../shaders/corrective-update.wgsl.js';
import { INNER_PRODUCTS } from '../../shaders/inner-products.js';
import { NO_SLOT } from '../../shaders/selection-state.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareScoreInit } from '../../src/kernels/score-init.js';
import type { Bounded } from '../../src/reference/bound.js';
import { rowMajor } from '../../src/reference/element.js';
import { scoreInitReference } from '../../src/reference/score-init.js';
import { type KernelCase, randomNumbers } from './case.js';
import { GUARD, memoryCase, readOwnFloats, readOwnUints } from './memory.js';
import { wordColumn } from './rule-update.js';

interface Spec {
  readonly shape: readonly [n: number, outputs: number, slices: number];
  readonly fitted: boolean;
  /** A neuron that is silent on all examples. */
  readonly silent?: number;
  /** A neuron whose activations are NaN: its inner products and its score are. */
  readonly diverged?: number;
}

const SPECS: readonly Spec[] = [false, true].flatMap((fitted) => [
  { shape: [1, 1, 1] as const, fitted },
  { shape: [131, 1, 4] as const, fitted, silent: 130, diverged: 3 },
  { shape: [65, 2, 3] as const, fitted, silent: 0 },
  { shape: [64, 3, 1] as const, fitted, diverged: 63 },
  { shape: [67, 10, 5] as const, fitted },
]);

export const scoreInitCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, fitted, silent, diverged } = spec;
  const [n, outputs, slices] = shape;
  const name = `score-init ${n} × ${outputs}, ${slices} slices${fitted ? ', fitted' : ''}`;
  return memoryCase(name, async (device, memory) => {
    const values = randomNumbers(slices * (outputs + 1) * n, 1).map((x, at) => {
      if (at % n === silent) return 0;
      if (at % n === diverged) return Number.NaN;
      return Math.floor(at / n) % (outputs + 1) === outputs ? x * x : x;
    });
    const weights = randomNumbers(n * outputs, 2);
    const products = memory.matrix(slices * (outputs + 1), n, values);
    const innerProducts = memory.buffer(nans(n * INNER_PRODUCTS));
    const scores = memory.buffer(nans(n));
    const slots = memory.buffer(new Uint32Array(n).fill(GUARD));
    const run = await prepareScoreInit(device, {
      products: products.buffer,
      stride: products.stride,
      slices,
      weights: memory.matrix(n, outputs, weights),
      innerProducts,
      scores,
      slots,
      fitted,
    });
    const commands = new Commands(device);
    run(commands);
    await commands.finish();
    const product = rowMajor(values, n);
    const reference = scoreInitReference({
      n,
      outputs,
      slices,
      fitted,
      products: (s, r, i) => product(s * (outputs + 1) + r, i),
      weights: rowMajor(weights, outputs),
    });
    const found = await readOwnFloats(innerProducts);
    const { correlation, energy, remaining, outside } = CORRECTIVE_WORDS;
    const check = (actual: Float32Array, { value, bound }: Bounded) => {
      const sound = (_: number, i: number) => i !== diverged;
      if (diverged !== undefined && !Number.isNaN(actual[diverged])) {
        throw new Error(`neuron ${diverged} is not a number, but came out as ${actual[diverged]}`);
      }
      const bounded = { value: value.filter(sound), bound: bound.filter(sound) };
      requireWithin(actual.filter(sound), bounded);
    };
    check(wordColumn(found, correlation), reference.correlations);
    check(wordColumn(found, energy), reference.energies);
    requireSame(wordColumn(found, remaining), wordColumn(found, correlation));
    requireSame(wordColumn(found, outside), wordColumn(found, energy));
    check(await readOwnFloats(scores), reference.scores);
    requireSame(await readOwnUints(slots), new Uint32Array(n).fill(NO_SLOT));
  });
});
