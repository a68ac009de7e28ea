import { readFloats, readUints } from '../../src/gpu/buffer.js';
import { CORRECTIVE_WORDS } from '../../src/kernels/corrective-update.js';
import { INNER_PRODUCTS, NO_SLOT } from '../../src/kernels/pick.js';
import { prepareScoreInit } from '../../src/kernels/score-init.js';
import { rowMajor } from '../../src/reference/element.js';
import { scoreInitReference } from '../../src/reference/score-init.js';
import { requireSame, requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type ScoreInitShape = { readonly n: number; readonly c: number; readonly slices: number };

export const scoreInitBench: KernelBench<ScoreInitShape> = {
  name: 'score-init',
  shapes: [
    { n: 1024, c: 1, slices: 4 },
    { n: 1024, c: 10, slices: 16 },
    { n: 10_000, c: 1, slices: 16 },
  ],
  // The slices' sums; ‖b‖² and b · y, a product and a sum an output each; the score.
  operations: ({ n, c, slices }) => n * ((slices - 1) * (c + 1) + 4 * c + 3),
  bytes: ({ n, c, slices }) => 4 * n * (slices * (c + 1) + c + 6),
  prepare: async ({ device, scope, shape: { n, c, slices } }) => {
    const values = randomNumbers(slices * (c + 1) * n, 1);
    const b = randomNumbers(n * c, 2);
    const products = scope.matrix('gram products', [slices * (c + 1), n], { data: values });
    const innerProducts = scope.bufferFrom('inner products', nans(INNER_PRODUCTS * n));
    const scores = scope.bufferFrom('scores', nans(n));
    const slots = scope.buffer('slots', n);
    const run = await prepareScoreInit(device, {
      products: products.buffer,
      stride: products.stride,
      slices,
      weights: scope.matrix('weights', [n, c], { data: b }),
      innerProducts,
      scores,
      slots,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const product = rowMajor(values, n);
        const reference = scoreInitReference({
          n,
          outputs: c,
          slices,
          fitted: false,
          products: (s, r, i) => product(s * (c + 1) + r, i),
          weights: rowMajor(b, c),
        });
        const found = await readFloats(innerProducts);
        const column = (word: number) => found.filter((_, at) => at % INNER_PRODUCTS === word);
        const { correlation, energy, remaining, outside } = CORRECTIVE_WORDS;
        for (const word of [correlation, remaining])
          requireWithin(column(word), reference.correlations, 'correlations');
        for (const word of [energy, outside])
          requireWithin(column(word), reference.energies, 'norms');
        requireWithin(await readFloats(scores), reference.scores, 'scores');
        requireSame(await readUints(slots), new Uint32Array(n).fill(NO_SLOT), 'slots');
      },
    };
  },
};
