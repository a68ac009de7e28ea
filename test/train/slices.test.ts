import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireWithin } from '../../bench/check.js';
import { drawMinibatches } from '../../bench/workloads/training-step.js';
import { Commands } from '../../src/gpu/commands.js';
import type { Device } from '../../src/gpu/device.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import { matmulSlices } from '../../src/kernels/matmul.js';
import { uploadDataset } from '../../src/models/dataset.js';
import { drawParameters, readParameters, uploadTwoLayer } from '../../src/models/two-layer.js';
import { UNIT } from '../../src/reference/bound.js';
import { rowMajor } from '../../src/reference/element.js';
import { gradientStepReference } from '../../src/reference/gradient-step.js';
import { matmulReference } from '../../src/reference/matmul.js';
import { advance, startTraining } from '../../src/train/gradient-descent.js';
import { prepareHiddenUpdate } from '../../src/train/hidden-update.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { randomNumbers } from '../kernels/case.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

describe('how many slices', () => {
  const D = 785;
  test.each([
    { n: 256, k: 50_000, slices: 37, why: '518 tiles are enough' },
    { n: 1024, k: 50_000, slices: 10, why: '560 tiles are enough' },
    { n: 256, k: 4096, slices: 5, why: 'six would add more than half of the bytes' },
    { n: 64, k: 4096, slices: 8, why: 'a slice has 512 examples' },
    { n: 10_000, k: 50_000, slices: 1, why: 'it has 553 tiles as it is' },
    { n: 1024, k: 1500, slices: 1, why: 'two would add more than half of the bytes' },
    { n: 256, k: 1000, slices: 1, why: 'it is short' },
    { n: 10_000, k: 128, slices: 1, why: 'it is short' },
    { n: 64, k: 8, slices: 1, why: 'it is short' },
    { n: 1, k: 0, slices: 1, why: 'it is empty' },
  ])('N = $n, m = $k: $slices on a GPU, since $why', ({ n, k, slices }) => {
    expect(matmulSlices({ kind: 'hardware' }, { m: D, n, k })).toBe(slices);
    expect(matmulSlices({ kind: 'software' }, { m: D, n, k })).toBe(1);
  });
});

test.each([
  { slices: 1, momentum: true },
  { slices: 4, momentum: true },
  { slices: 4, momentum: false },
])('a hidden layer steps once its chunks are summed: %j', async ({ slices, momentum }) => {
  using scope = new Scope(device);
  const [m, d, n] = [43, 70, 13];
  const chunks = momentum ? [25, 18] : [m];
  const [x, delta] = [randomNumbers(m * d, 1), randomNumbers(m * n, 2)];
  const [start, before] = [randomNumbers(d * n, 3), randomNumbers(d * n, 4)];
  const hidden = scope.matrix('hidden', [d, n], { data: start });
  const velocity = scope.matrix('velocity', [d, n], { data: before });
  const rows = Math.max(...chunks);
  const inputs = scope.matrix('inputs', [m, d], { data: x });
  // Powers of two, so that the chunks' further roundings stay within the bound of one product.
  const [scale, decay, rate] = [1 / 64, 0.5, 0.25];
  let first = 0;
  for (const [chunk, count] of chunks.entries()) {
    const part = delta.slice(first * n, (first + count) * n);
    const padded = Float32Array.from({ length: rows * n }, (_, at) => part[at] ?? Number.NaN);
    const update = await prepareHiddenUpdate(
      device,
      {
        inputs,
        indices: undefined,
        incoming: scope.matrix('incoming', [rows, n], { data: padded }),
        hidden,
        velocity: momentum ? velocity : undefined,
        slices,
      },
      scope,
    );
    const commands = new Commands(device);
    const last = chunk === chunks.length - 1;
    update(commands, {
      m: count,
      first,
      scale,
      decay: chunk === 0 ? decay : 1,
      rate: last ? rate : 0,
    });
    await commands.finish();
    first += count;
  }
  const [a, b] = [rowMajor(x, d), rowMajor(delta, n)];
  const reference = matmulReference({
    m: d,
    n,
    k: m,
    a: (i, p) => a(p, i),
    b,
    alpha: scale,
    epilogue: { kind: momentum ? 'momentum' : 'descent' },
    before: rowMajor(start, n),
    velocity: rowMajor(before, n),
    decay,
    rate,
  });
  requireWithin(await readMatrix(hidden), reference);
});

test.each([
  { batch: 'full', slices: 3 },
  { batch: 17, slices: 2 },
] as const)('a step with a gradient in slices is the step: %j', async ({ batch, slices }) => {
  const [count, width, inputs, outputs] = [50, 21, 11, 2];
  const shape = { width, inputs, outputs, activation: 'tanh' } as const;
  const parameters = drawParameters(shape, 5);
  const [x, y] = [randomNumbers(count * inputs, 6), randomNumbers(count * outputs, 7)];
  using network = uploadTwoLayer(device, parameters);
  using dataset = uploadDataset(device, 'sliced', { count, inputs: x, targets: y });
  const options = { batch, slices, learningRate: 1, momentum: 0, seed: 0 };
  using training = startTraining(network, dataset, options);
  for await (const _ of advance(training, 1));
  const after = await readParameters(network);

  const drawn =
    batch === 'full' ? Array.from(x.keys()).slice(0, count) : drawMinibatches(batch, count)();
  const rows = Array.from(drawn);
  const drawnRows = (data: Float32Array, columns: number) =>
    Float32Array.from({ length: rows.length * columns }, (_, at) =>
      rowMajor(data, columns)(rows[Math.floor(at / columns)] ?? -1, at % columns),
    );
  const states = matmulReference({
    m: rows.length,
    n: width,
    k: inputs,
    a: rowMajor(drawnRows(x, inputs), inputs),
    b: (p, i) => rowMajor(parameters.hidden, inputs)(i, p),
    alpha: 1,
    epilogue: { kind: 'activation', activation: 'tanh' },
  });
  const step = gradientStepReference({
    ...shape,
    m: rows.length,
    x: drawnRows(x, inputs),
    y: drawnRows(y, outputs),
    states: Float32Array.from(states.value),
    output: parameters.output,
    learningRate: 1,
    indices: Array.from({ length: width }, (_, i) => i),
  });
  for (const layer of ['hidden', 'output'] as const) {
    const longest = step[layer].reduce((most, part) => Math.max(most, Math.abs(part)), 0);
    const start = (e: number) => parameters[layer][e] ?? Number.NaN;
    requireWithin(after[layer], {
      value: step[layer].map((part, e) => start(e) - part),
      bound: step[layer].map((_, e) => 1e-5 * longest + 2 * UNIT * Math.abs(start(e))),
    });
  }
});
