import { afterAll, beforeAll, expect, test } from 'vitest';
import { PREPROCESSINGS } from '../../../src/data/pictures.js';
import { compareModel } from '../../../src/experiment/model/compare/compare.js';
import {
  nameOfCell,
  optionsOfCell,
  parseCompareModelConfig,
} from '../../../src/experiment/model/compare/config.js';
import type {
  CompareModelEvent,
  CompareModelState,
  ModelCell,
} from '../../../src/experiment/model/compare/events.js';
import { drawCalibration } from '../../../src/experiment/model/prune/calibration.js';
import { pruneNetwork } from '../../../src/experiment/model/prune/prune.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import type { Node } from '../../../src/graph/graph.js';
import { summarise } from '../../../src/graph/summary.js';
import { activation, batchNorm, convolution, linear } from '../../../src/models/nodes.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';
import { randomPictures, streamed } from './random-pictures.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

const preprocessing = PREPROCESSINGS.cifar10;
/** Two residual blocks of one shape: few kernels, and a sum behind each consumer. */
const network = randomNetwork(
  sampleGraph([
    convolution('c0', 'input', { outputs: 5, kernel: 3, padding: 1 }),
    ...blockNodes('b1', 'c0'),
    ...blockNodes('b2', 'b1.out'),
    { kind: 'global-average-pool', name: 'mean', inputs: ['b2.out'] },
    linear('fc', 'mean', 4),
  ]),
);

const pictures = randomPictures(5);
const settings = { calibration: 5, criteria: ['group', 'l1'], refits: ['none'], flops: [0.6] };

function blockNodes(name: string, from: string): readonly Node[] {
  const shape = { kernel: 3, padding: 1 };
  return [
    convolution(`${name}.c1`, from, { ...shape, outputs: 7 }),
    batchNorm(`${name}.n1`, `${name}.c1`),
    activation(`${name}.a1`, `${name}.n1`),
    convolution(`${name}.c2`, `${name}.a1`, { ...shape, outputs: 5 }),
    { kind: 'add', name: `${name}.sum`, inputs: [`${name}.c2`, from] },
    activation(`${name}.out`, `${name}.sum`),
  ];
}

async function compared(given: object, from?: CompareModelState, signal?: AbortSignal) {
  const config = parseCompareModelConfig(given);
  const all = { network, preprocessing, train: pictures, test: pictures, config };
  const events: CompareModelEvent[] = [];
  const comparison = compareModel(device, { ...all, ...(from && { from }) }, signal);
  const summary = await finalResult(comparison, (event) => {
    events.push(event);
  });
  return { config, summary, events };
}

const untimed = (cells: readonly ModelCell[]) =>
  cells.map(({ seconds: _, ...cell }) => ({ type: 'cell', ...cell }));

test('every cell is what a pruning of its own comes to, and goes on from what is there', async () => {
  const before = device.liveBytes;
  const { config, summary, events } = await compared(settings);
  expect(device.liveBytes).toBe(before);
  expect(summary.cells.map(nameOfCell)).toEqual([
    'group, none, measured, 0.6 of the multiply-adds',
    'l1, none, measured, 0.6 of the multiply-adds',
    'group, none, uniform, 0.6 of the multiply-adds',
    'l1, none, uniform, 0.6 of the multiply-adds',
  ]);
  const [first, , , last] = summary.cells as [ModelCell, ModelCell, ModelCell, ModelCell];
  // Of measured ones the curves are those of refitted weights, which are not this cell's own.
  const curves = events.filter((event) => event.type === 'curve');
  for (const cell of [first, last]) {
    const options = optionsOfCell(config, cell);
    const calibration = drawCalibration(config, pictures);
    const own = { network, calibration, preprocessing, options };
    const from = { curves, units: [] };
    const pruned = await finalResult(pruneNetwork(device, own, { from }));
    const { multiplyAdds, parameters } = summarise(pruned.network.graph);
    expect(cell).toMatchObject({ multiplyAdds, parameters, agreement: pruned.agreement });
    expect(cell.divergence / pruned.divergence).toBeCloseTo(1, 4);
    expect(cell.kept).toEqual(pruned.units.map(({ kept }) => kept.length));
    expect(cell.multiplyAdds / summary.dense.multiplyAdds).toBeLessThanOrEqual(0.6);
  }

  // What a kill behind the first curve and the first cell would have left.
  const cells = events.filter((event) => event.type === 'cell');
  expect(curves.map(({ criterion, refit }) => `${criterion} ${refit}`)).toEqual(
    Array(2).fill('group weights'),
  );
  const from = { curves: curves.slice(0, 1), cells: cells.slice(0, 1) };
  const resumed = await compared(settings, from);
  expect(untimed(resumed.summary.cells)).toEqual(untimed(summary.cells));
  expect(resumed.events.filter(({ type }) => type === 'curve')).toHaveLength(1);
  expect(resumed.events.filter(({ type }) => type === 'cell')).toHaveLength(3);

  // A part of it that is done already takes no cut.
  const part = await compared({ ...settings, budgets: ['measured'] }, { curves, cells });
  expect(part.events.map(({ type }) => type)).not.toContain('cell');
  expect(untimed(part.summary.cells)).toEqual(untimed(summary.cells.slice(0, 2)));
});

test('each way may have curves of its own, and an interruption frees what was held', async () => {
  const before = device.liveBytes;
  const refits = ['weights', 'none'];
  const own = { ...settings, criteria: ['l1'], refits, budgets: ['measured'], curves: 'own' };
  const { events } = await compared(own);
  const ways = events.flatMap((event) =>
    event.type === 'curve' ? `${event.criterion} ${event.refit}` : [],
  );
  expect([...new Set(ways)]).toEqual(['l1 weights', 'l1 none']);
  expect(ways).toHaveLength(4);
  const controller = new AbortController();
  const config = parseCompareModelConfig(own);
  const all = { network, preprocessing, train: pictures, test: pictures, config };
  for (const phase of ['dense', 'cells']) {
    const interrupted = finalResult(compareModel(device, all, controller.signal), (event) => {
      if (event.type === 'progress' && event.phase === phase) controller.abort();
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'aborted' });
  }
  expect(device.liveBytes).toBe(before);
});

test('streamed pictures give the same cells', async () => {
  const config = parseCompareModelConfig({ ...settings, calibration: 3 });
  const held = { network, preprocessing, train: pictures, test: pictures, config };
  const own = { ...held, train: streamed(pictures), test: streamed(pictures) };
  const summaries = [held, own].map((input) => finalResult(compareModel(device, input)));
  const [one, other] = await Promise.all(summaries);
  expect(untimed(other!.cells)).toEqual(untimed(one!.cells));
});

test('labels give accuracy, and what cannot be done is refused before any work', async () => {
  const labelled = { ...pictures, labels: new Uint32Array(5) };
  const config = parseCompareModelConfig({ ...settings, criteria: ['l1'], budgets: ['uniform'] });
  const all = { network, preprocessing, train: pictures, test: labelled, config };
  const { dense, cells } = await finalResult(compareModel(device, all));
  for (const { accuracy } of [dense, ...cells]) {
    expect([0, 1, 2, 3, 4, 5]).toContain(Math.round(5 * (accuracy ?? Number.NaN)));
  }
  await expect(compared({ ...settings, flops: [0.6, 0.001] })).rejects.toThrow(
    /A budget of 0.00100 cannot be met/,
  );
  await expect(compared({ ...settings, criteria: ['l1', 'taylor'] })).rejects.toThrow(
    /The criterion taylor looks at labels/,
  );
  expect(() => parseCompareModelConfig({ ...settings, criteria: ['l1', 'l1'] })).toThrow(
    /criteria must be a list that names each once/,
  );
});
