import { signal } from '@preact/signals';
import { expect, test } from 'vitest';
import { createBenching } from '../../demo/bench/state.js';
import { loudest, sayings, withoutNeuron } from '../../demo/model/neuron.js';
import { type Doing, doingText } from '../../demo/state/doing.js';
import { foundFromText, foundText } from '../../demo/state/found.js';
import { frontierAt, millisecondsAt, pointAt, pointsAt } from '../../demo/state/frontier.js';
import { broughtText, type Page } from '../../demo/state/page.js';
import { type Beside, withBeside } from '../../demo/state/played.js';
import { problemFromError } from '../../demo/state/problems.js';
import type { Checkpoint, Stage } from '../../demo/state/session.js';
import { defaultsFor } from '../../demo/state/settings.js';
import { EspalierError } from '../../src/errors.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import type { TrainedSize } from '../../src/index.js';

function networkOf(width: number) {
  const shape = { width, inputs: 2, outputs: 1, activation: 'tanh' } as const;
  return { ...shape, hidden: new Float32Array(2 * width), output: new Float32Array(width) };
}

function performance(testAccuracy: number) {
  return { trainingLoss: 1 - testAccuracy, testLoss: 1, testAccuracy };
}

function stage(width: number, accuracy: number): Stage {
  const cost = { width, parameters: 3 * width, flopsPerExample: 7 * width };
  const figures = { ...cost, ...performance(accuracy), trainingAccuracy: 1, seconds: 1 };
  return { network: networkOf(width), figures };
}

function sizesOf(accuracies: readonly number[]) {
  return accuracies.map((accuracy, at) => ({
    picks: 2 * at + 1,
    network: networkOf(at + 1),
    ...performance(accuracy),
  }));
}

function trained(way: TrainedSize['way'], width: number, accuracy: number): TrainedSize {
  return { type: 'trained-size', way, network: networkOf(width), ...performance(accuracy) };
}

const CHECKPOINT: Checkpoint = {
  iteration: 10,
  dense: stage(9, 0.8),
  fineTuned: stage(4, 0.89),
  denseFineTuned: stage(9, 0.9),
  fromScratch: stage(4, 0.7),
  bySize: {
    picked: sizesOf([0.1, 0.2, 0.3, 0.4]),
    refitted: sizesOf([0.4, 0.6, 0.795, 0.81]),
    denseRefitted: performance(0.803),
  },
  trained: [
    trained('fine-tuned', 2, 0.85),
    trained('from-scratch', 2, 0.5),
    trained('from-scratch-tuned', 2, 0.65),
  ],
};

test('the headline is the smallest size within a point of the dense network of as many steps', () => {
  const { bySize } = CHECKPOINT;
  const plain = frontierAt(CHECKPOINT, false);
  expect(plain?.smallest).toEqual({ ...bySize?.refitted?.[2], width: 3 });
  expect([plain?.dense.testAccuracy, plain?.yardstick.testAccuracy]).toEqual([0.8, 0.803]);
  expect([...(plain?.asPicked ?? [])]).toEqual([
    [1, 0.1],
    [2, 0.2],
    [3, 0.3],
    [4, 0.4],
  ]);
  // The run's own one from scratch has had the steps of fine-tuning, which these have not.
  expect([...(plain?.fromScratch ?? [])]).toEqual([[2, 0.5]]);

  const tuned = frontierAt(CHECKPOINT, true);
  expect(tuned?.points.map(({ network }) => network.width)).toEqual([2, 4]);
  expect([tuned?.smallest?.network.width, tuned?.yardstick.testAccuracy]).toEqual([4, 0.9]);
  expect([...(tuned?.fromScratch ?? [])]).toEqual([
    [2, 0.65],
    [4, 0.7],
  ]);
  expect([tuned?.asPicked, tuned?.denseRefitted?.testAccuracy]).toEqual([undefined, 0.803]);

  // What is refitted is held against what is refitted alike, and what was trained on, too.
  if (!bySize) throw new Error('There are sizes.');
  const gained = { ...CHECKPOINT, bySize: { ...bySize, denseRefitted: performance(0.95) } };
  for (const tunes of [false, true]) {
    const outline = frontierAt(gained, tunes);
    expect([outline?.yardstick.testAccuracy, outline?.smallest]).toEqual([0.95, undefined]);
  }
  const lost = { ...CHECKPOINT, bySize: { ...bySize, denseRefitted: performance(0.7) } };
  expect(frontierAt(lost, false)?.yardstick.testAccuracy).toBe(0.8);

  // Not fine-tuned, the one from scratch has had as many steps.
  const { fineTuned: _, denseFineTuned: __, ...bare } = CHECKPOINT;
  expect([...(frontierAt(bare, true)?.fromScratch.keys() ?? [])]).toEqual([2, 4]);
  const far = { ...CHECKPOINT, dense: stage(9, 0.95) };
  expect(frontierAt(far, false)?.smallest).toBeUndefined();
  expect(frontierAt({ iteration: 0, dense: stage(9, 0.1) }, false)).toBeUndefined();
});

test('a place between two sizes is the smaller; without one it is that of the headline', () => {
  const frontier = frontierAt(CHECKPOINT, true);
  if (!frontier) throw new Error('There are sizes.');
  const widthAt = (width: number | undefined) => pointAt(frontier, width)?.network.width;
  expect([0, 2, 3, 4, 99, undefined].map(widthAt)).toEqual([2, 2, 2, 4, 4, 4]);
  expect(pointAt({ ...frontier, smallest: undefined }, undefined)?.network.width).toBe(4);
  const found = pointsAt(CHECKPOINT, 3);
  expect([found.subnetwork?.testAccuracy, found.fineTuned]).toEqual([0.795, undefined]);
  expect(pointsAt(CHECKPOINT, 2).fineTuned?.testAccuracy).toBe(0.85);
});

test('a link carries the curves as they are, and nothing that no run could have found', () => {
  const settings = { ...defaultsFor('software'), width: 9, picks: 4 };
  const [plain, fineTuned] = [false, true].map((tuned) => frontierAt(CHECKPOINT, tuned));
  if (!plain) throw new Error('There are sizes.');
  const text = foundText({ iteration: 10, plain, fineTuned });
  expect(text).toMatch(/^at\.10-dense\.9\.668-refitted\.9\.672-sizes\.1\.334[\w.-]+$/);
  const outline = (of: typeof fineTuned) =>
    of && { ...of, points: of.points.map(({ width, testAccuracy }) => ({ width, testAccuracy })) };
  const found = foundFromText(text, settings);
  for (const [read, wrote] of [
    [found.plain, outline(plain)],
    [found.fineTuned, outline(fineTuned)],
  ] as const) {
    expect(read?.points).toEqual(wrote?.points);
    expect([read?.asPicked, read?.fromScratch]).toEqual([wrote?.asPicked, wrote?.fromScratch]);
    expect(wrote).toMatchObject({ yardstick: read?.yardstick, smallest: { ...read?.smallest } });
    expect([read?.tuned, read?.tunable]).toEqual([wrote?.tuned, wrote?.tunable]);
  }
  const good = 'at.10-dense.9.668-sizes.1.334';
  expect(foundFromText(good, settings).plain.points).toHaveLength(1);
  for (const [bad, why] of [
    ['', /no step that it was pruned after/],
    ['garbage', /no step/],
    ['at.601-dense.9.668-sizes.1.334', /step 601 of 600/],
    ['at.10-dense.8.668-sizes.1.334', /other than 9 neurons/],
    ['at.10-dense.9.668668-sizes.1.334', /10 of 9 neurons/],
    ['at.10-dense.9.668', /no curve/],
    ['at.10-sizes.1.334', /nothing beside it/],
    ['at.10-dense.9.668-sizes.1.7pt', /100\.01 % of right answers/],
    ['at.10-dense.9.668-sizes.0.334', /0 of 9 neurons/],
    ['at.10-dense.9.668-sizes.2.334.1.334', /1 of 9 neurons/],
    ['at.10-dense.9.668-sizes.1.334334334334334', /5 sizes by 4 picks/],
    ['at.10-dense.9.668-sizes.1.<img>', /"1\.<img>" in place of figures/],
    ['at.10-dense.9.668-sizes.1', /in place of figures/],
  ] as const) {
    expect(() => foundFromText(bad, settings), bad).toThrow(why);
  }
  expect(() => foundFromText(text, { ...settings, fineTune: 0 })).toThrow(/without a step/);
});

test('what a run that goes on finds out again takes the place of the earlier', () => {
  const sizes = (iteration: number, accuracy: number): Beside => ({
    ...({ type: 'sizes', iteration } as const),
    sizes: { picked: sizesOf([accuracy]) },
  });
  const times = (milliseconds: number): Beside => ({
    type: 'answer-times',
    times: [{ width: 4, milliseconds }],
  });
  const first = [
    ...[sizes(10, 0.1), sizes(20, 0.2), times(2)],
    ...[trained('fine-tuned', 2, 0.8), trained('from-scratch', 2, 0.5)],
  ];
  const again = [sizes(20, 0.3), times(3), trained('fine-tuned', 2, 0.9)];
  const next = trained('fine-tuned', 3, 0.7);
  const none: readonly Beside[] = [];
  expect([...first, ...again, next].reduce(withBeside, none)).toEqual([
    ...[sizes(10, 0.1), trained('from-scratch', 2, 0.5)],
    ...[...again, next],
  ]);
});

test('milliseconds lie on the line between the widths that were measured', () => {
  const times = [
    { width: 8, milliseconds: 6 },
    { width: 4, milliseconds: 2 },
  ];
  expect([4, 5, 8, 3, 9].map((width) => millisecondsAt(times, width))).toEqual([2, 3, 6, 2, 6]);
  expect(millisecondsAt([], 4)).toBeUndefined();
});

test('a neuron is tried on digits with it and without it', () => {
  const [pixels, labels] = [Uint8Array.of(255, 0, 0, 255, 255, 0), Uint8Array.of(0, 1, 0)];
  const images = { count: 3, rows: 1, columns: 2, pixels, labels };
  // Neuron 0 says 2 to ink on the left and votes for 0; neuron 1 says 3 to ink on the right, for 1.
  const network = {
    ...({ width: 2, inputs: 3, outputs: 2, activation: 'relu' } as const),
    ...{ hidden: Float32Array.of(2, 0, 0, 0, 3, 0), output: Float32Array.of(1, 0, 0, 1) },
  };
  const indices = Uint32Array.of(0, 1, 2);
  const said = sayings(network, images, indices);
  expect([...said]).toEqual([2, 0, 0, 3, 2, 0]);
  expect(loudest(network, 1, { images, indices })).toEqual({ index: 1, said: 3 });
  const tried = { said, classes: [0, 1, 0] };
  expect(withoutNeuron(network, 1, tried)).toEqual({
    ...{ before: 3, after: 2, all: 3 },
    worst: { answer: 1, lost: 1 },
  });
  // Without votes the first answer is given.
  expect(withoutNeuron(network, 0, tried)).toMatchObject({ before: 3, after: 3 });
});

test('the line of text fits what goes on', () => {
  const idle: Doing = {
    ...{ mode: 'idle', ready: true, images: true },
    ...{ trained: 0, iterations: 300, changed: false },
  };
  const said = (patch: Partial<Doing>) => doingText({ ...idle, ...patch });
  expect(said({})).toMatch(/^Press Play:/);
  // Between the press and the first that is heard of the run.
  expect(said({ mode: 'running' })).toBe('Starting…');
  const progress = { phase: 'prune', done: 3, total: 50 } as const;
  expect(said({ mode: 'running', progress, changed: true })).toBe(
    'Picking neurons: 3 of 50 (without your change)',
  );
  expect(said({ mode: 'stopped', progress, trained: 75, changed: true })).toBe(
    'Stopped at step 75 of 300. Go on without your change, or start anew with it.',
  );
  // As after a reload while the others were trained.
  expect(said({ mode: 'stopped', trained: 300 })).toBe(
    'Stopped at step 300 of 300. What it is compared with is still to come.',
  );
  expect(said({ mode: 'done', changed: true })).toMatch(/^Press Play again/);
  expect(said({ ready: false, loading: { what: 'Reading' } })).toBe('Reading…');
  expect(said({ loading: { what: 'Fetching', share: 0.256 } })).toBe('Fetching: 26 %');
  expect(said({ begun: 75 })).toBe(
    'This run is trained up to step 75 of 300: going on from there.',
  );
});

test('what files have brought is said, and what is wrong has the right title', () => {
  const images = (count: number) => ({
    ...{ count, rows: 1, columns: 1 },
    ...{ pixels: new Uint8Array(count), labels: new Uint8Array(count) },
  });
  const source = { name: 'mine.csv', train: images(48), test: images(1200) };
  const config = parseRunConfig({});
  expect(broughtText({ source })).toBe('mine.csv: 48 digits to learn from and 1,200 to test with.');
  expect(broughtText({ config })).toMatch(/^The settings are those of the file/);
  expect(broughtText({ config, state: { iteration: 75 } })).toMatch(/trained up to step 75/);
  expect(broughtText({ config, curve: 'at.75', state: { iteration: 75 } })).toMatch(
    /its curve is as the file has it\. Go on .* picks again/,
  );
  const title = (code: 'bad-config' | 'bad-data', details: EspalierError['details']) =>
    problemFromError(new EspalierError(code, details)).title;
  expect(title('bad-config', { kind: 'value', key: 'width', given: 0, allowed: 'more' })).toMatch(
    /out of range/,
  );
  expect(title('bad-config', { kind: 'unknown-key', key: 'widht', known: [] })).not.toMatch(
    /range/,
  );
});

test('a benchmark’s file is told by what it holds, and its name says only what went wrong', async () => {
  const page = { turn: signal(undefined), kept: signal({}) } as unknown as Page;
  const { baseline, fault, compareWith } = createBenching(page);
  const bring = (path: string, text: string) =>
    compareWith([{ path, file: new File([text], path) }]);
  await bring('notes.txt', 'not one');
  expect(fault.value).toMatch(/^notes\.txt is not a benchmark’s file: drop the \.json/);
  await bring('notes.json', 'not one');
  expect(fault.value).toMatch(/notes\.json is no result of .* not JSON/);
  const report = {
    ...{ date: '2026-11-28T12:00:00.000Z', host: 'browser', versions: {}, disturbed: [] },
    adapter: {
      name: 'Card',
      vendor: 'v',
      architecture: 'a',
      device: 'd',
      driver: '5',
      kind: 'hardware',
    },
    limits: { copyGBps: 100, fmaGflops: 1000, dispatchMicros: 10, submitMicros: 20 },
    ...{ wallStepMicros: 5, results: [] },
  };
  await bring('before', JSON.stringify(report));
  expect([baseline.value?.file, fault.value]).toEqual(['before', undefined]);
});
