import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { answerTimes } from '../../src/experiment/answer-times.js';
import { drawExamples, type Examples } from '../../src/experiment/examples.js';
import { run } from '../../src/experiment/run.js';
import { runSchema } from '../../src/experiment/run-config.js';
import type { RunEvent } from '../../src/experiment/run-events.js';
import { measureSizes } from '../../src/experiment/sizes.js';
import { type TrainedSize, trainSizes } from '../../src/experiment/train-sizes.js';
import type { Device } from '../../src/gpu/device.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { writeSource } from './source.js';

const M = 70;

let root: string;
let device: Device;
let examples: Examples;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-sizes-'));
  const data = await writeSource(root, { rows: 3, columns: 5, train: M, test: 30 });
  examples = drawExamples(await readImageSource(data), M, 0);
  device = await sharedDevice();
});
afterAll(async () => {
  await requireNothingLeft();
  await rm(root, { recursive: true });
});

/** A run's dense network and what was selected from it, with the figures of the subnetwork. */
async function pruned(given: object) {
  const config = runSchema.parse({
    ...{ examples: M, width: 12, batch: 9, iterations: 30, picks: 11 },
    ...{ fineTune: 0, controls: false, pruneEvery: 30 },
    ...given,
  });
  const events: RunEvent[] = [];
  for await (const event of run(device, { config, examples })) events.push(event);
  const dense = events.findLast((event) => event.type === 'checkpoint');
  const small = events.findLast((event) => event.type === 'subnetwork');
  if (!dense || !small?.selection) throw new Error('The run has pruned nothing.');
  return { config, dense, small, selection: small.selection, events };
}

test.each([
  { refit: 'none', task: 'digits', loss: 'cross-entropy' },
  { refit: 'weights', task: 'digits' },
  { refit: 'scale', task: 'parity', rule: 'corrective' },
] as const)('every size has the figures of a run that stops there: %j', async (given) => {
  const { config, dense, small, selection } = await pruned(given);
  const input = { config, examples, network: dense.network, selection };
  const { picked, refitted, denseRefitted } = await measureSizes(device, input);
  const shown = refitted ?? picked;
  expect([refitted === undefined, denseRefitted === undefined]).toEqual(
    Array(2).fill(given.refit === 'none'),
  );
  expect(shown.map(({ network }) => network.width)).toEqual(
    selection.kept.reduce<number[]>((widths) => [...widths, widths.length + 1], []),
  );

  const last = shown.at(-1);
  expect(last?.picks).toBe(selection.selected.length);
  expect(last?.network).toEqual(small.network);
  for (const key of ['trainingLoss', 'testLoss', 'testAccuracy'] as const) {
    expect(last?.[key]).toBeCloseTo(small.figures[key], 6);
  }

  // In the middle, with as many picks as bring no further neuron.
  const middle = shown[3];
  const shorter = await pruned({ ...given, picks: middle?.picks });
  expect(shorter.selection.kept).toHaveLength(4);
  expect(shorter.small.network.width).toBe(middle?.network.width);
  for (const key of ['trainingLoss', 'testLoss', 'testAccuracy'] as const) {
    expect(middle?.[key]).toBeCloseTo(shorter.small.figures[key], 5);
  }
  for (const { picks, trainingLoss } of picked) {
    expect(trainingLoss).toBeCloseTo(selection.loss[picks - 1] as number, 5);
  }
});

test('all neurons refitted are the dense network refitted', async () => {
  const { config, dense, selection } = await pruned({
    ...{ refit: 'weights', task: 'parity', method: 'magnitude', picks: 12, replacement: false },
  });
  const input = { config, examples, network: dense.network, selection };
  const { refitted, denseRefitted } = await measureSizes(device, input);
  expect(refitted?.at(-1)?.trainingLoss).toBeCloseTo(denseRefitted?.trainingLoss ?? 0, 5);
});

test('networks of several sizes are trained as a run trains its own', async () => {
  const { config, dense, small, events } = await pruned({
    ...{ refit: 'weights', task: 'digits', fineTune: 7, controls: true },
  });
  const found: TrainedSize[] = [];
  const { width } = small.network;
  const trained = trainSizes(device, {
    ...{ config, examples, iteration: config.iterations },
    ...{ subnetworks: [small.network], widths: [2, width] },
  });
  for await (const event of trained) {
    if (event.type === 'trained-size') found.push(event);
    else expect(event.done).toBeLessThanOrEqual(event.total);
  }
  expect(found.map(({ way, network }) => [way, network.width])).toEqual([
    ['fine-tuned', width],
    ['from-scratch', 2],
    ['from-scratch-tuned', 2],
    ['from-scratch', width],
    ['from-scratch-tuned', width],
  ]);
  for (const [type, place] of [
    ['fine-tuned', 0],
    ['from-scratch', 4],
  ] as const) {
    const own = events.findLast((event) => event.type === type);
    if (own?.type !== type) throw new Error(`The run has no ${type}.`);
    const { network, figures } = own;
    expect(found[place]).toMatchObject({ network, testAccuracy: figures.testAccuracy });
  }

  const times = await answerTimes(device, { config, examples }, [dense.network, small.network]);
  expect(times.every((time) => time > 0 && time < 60_000)).toBe(true);
});
