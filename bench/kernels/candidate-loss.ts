import { readFloats } from '../../src/gpu/buffer.js';
import {
  CANDIDATE_LOSS_OPERATIONS,
  type LossKind,
  prepareCandidateLoss,
} from '../../src/kernels/candidate-loss.js';
import { sliceCount, sliceRows } from '../../src/kernels/example-slices.js';
import { candidateLossReference } from '../../src/reference/candidate-loss.js';
import { rowMajor } from '../../src/reference/element.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type CandidateLossShape = { readonly m: number; readonly n: number; readonly c: number };

/** Cross-entropy for more than one output, as a selection would ask for it; squared for one. */
const lossKind = ({ c }: CandidateLossShape): LossKind => (c > 1 ? 'cross-entropy' : 'squared');

export const candidateLossBench: KernelBench<CandidateLossShape> = {
  name: 'candidate-loss',
  shapes: [
    { m: 1024, n: 256, c: 10 },
    { m: 4096, n: 1024, c: 1 },
  ],
  hardwareShapes: [{ m: 50_000, n: 10_000, c: 10 }],
  operations: (shape) => shape.m * shape.n * shape.c * CANDIDATE_LOSS_OPERATIONS[lossKind(shape)],
  bytes: ({ m, n, c }) => 4 * (m * n + 2 * m * c + n * c + n),
  prepare: async ({ device, scope, shape }) => {
    const { m, n, c } = shape;
    const loss = lossKind(shape);
    const activations = randomNumbers(m * n, 1);
    const weights = randomNumbers(n * c, 2);
    const totals = randomNumbers(m * c, 3);
    const targets = Float32Array.from({ length: m * c }, (_, at) =>
      Number(Math.floor(at / c) % Math.max(c, 2) === at % c),
    );
    const slices = sliceCount(device, { m, width: n });
    const scores = scope.bufferFrom('scores', nans(slices * n));
    const count = 7;
    const run = await prepareCandidateLoss(device, {
      activations: scope.matrix('activations', [m, n], { data: activations }),
      weights: scope.matrix('weights', [n, c], { data: weights }),
      targets: scope.matrix('targets', [m, c], { data: targets }),
      totals: scope.matrix('totals', [m, c], { data: totals }),
      scores,
      loss,
    });
    return {
      encode: (commands) => run(commands, { first: 0, firstSlice: 0, count, m }),
      verify: async () => {
        const actual = await readFloats(scores);
        requireWritten(actual, 'scores');
        const columns = spread(n, 24);
        const rows = sliceRows(device, { m, width: n });
        const [h, b] = [rowMajor(activations, n), rowMajor(weights, c)];
        for (let slice = 0; slice < slices; slice++) {
          const first = slice * rows;
          const reference = candidateLossReference({
            rows: Array.from({ length: Math.min(rows, m - first) }, (_, j) => first + j),
            n: columns.length,
            outputs: c,
            loss,
            activations: (j, i) => h(j, columns[i] ?? -1),
            weights: (i, output) => b(columns[i] ?? -1, output),
            targets: rowMajor(targets, c),
            totals: rowMajor(totals, c),
            count,
          });
          requireWithin(elementsAt(actual, n, [slice], columns), reference, 'scores');
        }
      },
    };
  },
};
