import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import type { ImageSource } from '../../src/data/images.js';
import { drawExamples, networkShape } from '../../src/experiment/examples.js';
import { finalResult } from '../../src/experiment/relay.js';
import { run } from '../../src/experiment/run.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import type { RunEvent } from '../../src/experiment/run-events.js';
import { decodeState, encodeState, type TrainedState } from '../../src/experiment/state.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import type { Device } from '../../src/gpu/device.js';
import { STORAGE_FORMATS } from '../../src/half.js';
import { openNodeDevice } from '../../src/hosts/node.js';
import { type Cell, cellKey, parseCell } from '../../src/study/cell.js';
import { cellCount, listTrials, trialName } from '../../src/study/grid.js';
import { study } from '../../src/study/study.js';
import { parseStudyConfig, type StudyConfig } from '../../src/study/study-config.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';

let device: Device;
let source: ImageSource;
/** The study that was not interrupted. */
let whole: Awaited<ReturnType<typeof session>>;

beforeAll(async () => {
  device = await sharedDevice();
  const mnist = await readImageSource('mnist');
  source = {
    ...mnist,
    test: { ...mnist.test, count: 500, labels: mnist.test.labels.slice(0, 500) },
  };
  whole = await session(config);
});
afterAll(requireNothingLeft);

const config = parseStudyConfig({
  sizes: [10, 37],
  trials: 2,
  width: 19,
  batch: 8,
  iterations: 25,
  pruneEvery: 10,
  picks: [1, 7],
  momentum: 0.5,
});

interface Session {
  readonly cells: readonly Cell[];
  readonly states: ReadonlyMap<string, TrainedState>;
}

/** Does the study up to its `until`th event and gives what a folder would hold then. */
async function session(given: StudyConfig, before?: Session, until = Number.POSITIVE_INFINITY) {
  const cells = [...(before?.cells ?? [])];
  const states = new Map(before?.states);
  let seen = 0;
  for await (const event of study(device, { config: given, source, cells, states })) {
    if (event.type === 'cell') cells.push(event.cell);
    if (event.type === 'state') states.set(trialName(event.trial), event.state);
    if (++seen >= until) break;
  }
  return { cells, states, seen };
}

const withoutTimes = (cells: readonly Cell[]) => cells.map((cell) => ({ ...cell, seconds: 0 }));

test('a study goes on from any event with the same cells to the bit', async () => {
  expect(whole.cells).toHaveLength(cellCount(config));
  expect(new Set(whole.cells.map(cellKey)).size).toBe(whole.cells.length);
  for (let until = 1; until < whole.seen; until += 13) {
    const broken = await session(config, undefined, until);
    const resumed = await session(config, broken);
    expect(withoutTimes(resumed.cells), `broken off after event ${until}`).toEqual(
      withoutTimes(whole.cells),
    );
  }
  const finished = await session(config, whole);
  expect(finished.seen).toBe(0);
  expect(device.liveBytes).toBe(0);
});

test('a study does not go on with other images', async () => {
  const broken = await session(config, undefined, 3);
  const images = source;
  const { pixels } = images.train;
  source = { ...images, train: { ...images.train, pixels: pixels.map((pixel) => pixel ^ 1) } };
  try {
    await expect(session(config, broken)).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(
        /other images or labels than mnist holds \(checksum [0-9a-f]{8}/,
      ),
    });
  } finally {
    source = images;
  }
});

test('a study goes on with a new device where the old one was lost', async () => {
  const cells: Cell[] = [];
  const states = new Map<string, TrainedState>();
  const losing = await openNodeDevice();
  const lost = (async () => {
    for await (const event of study(losing, { config, source })) {
      if (event.type === 'cell') cells.push(event.cell);
      if (event.type === 'state') states.set(trialName(event.trial), event.state);
      if (cells.length === 3) losing.raw.destroy();
    }
  })();
  await expect(lost).rejects.toMatchObject({ code: 'device-lost' });
  losing.dispose();
  const resumed = await session(config, { cells, states });
  expect(withoutTimes(resumed.cells)).toEqual(withoutTimes(whole.cells));
});

test('a state without what momentum has gathered is not gone on from', async () => {
  const cells = whole.cells.filter(({ iteration }) => iteration === 0);
  const states = new Map(
    [...whole.states].map(([name, { network }]) => [name, { iteration: 10, network }]),
  );
  await expect(session(config, { cells, states })).rejects.toThrow(
    /^momentum must be 0, not 0\.5: the state at iteration 10 has no velocity/,
  );
});

test('a missing cell before the kept state is computed from the start', async () => {
  const gap = { ...whole, cells: whole.cells.filter(({ iteration }) => iteration !== 10) };
  const { cells } = await session(config, gap);
  const sorted = (all: readonly Cell[]) =>
    withoutTimes(all).toSorted((a, b) => (cellKey(a) < cellKey(b) ? -1 : 1));
  expect(sorted(cells)).toEqual(sorted(whole.cells));
});

test.each(STORAGE_FORMATS)(
  'a cell has the figures that a run of its seed has, %s',
  async (storage) => {
    const { cells } =
      storage === 'f32' ? whole : await session({ ...config, storage, sizes: [37], picks: [7] });
    const cell = cells.find(
      (one) => one.examples === 37 && one.trial === 1 && one.picks === 7 && one.iteration === 10,
    );
    const { width, momentum } = { width: 19, momentum: 0.5 };
    const settings = {
      examples: 37,
      width,
      momentum,
      batch: 8,
      iterations: 10,
      picks: 7,
      seed: 1,
    };
    const runConfig = parseRunConfig({ ...settings, storage, fineTune: 6 });
    const events: RunEvent[] = [];
    const input = { config: runConfig, examples: drawExamples(source, 37, 1) };
    for await (const event of run(device, input)) events.push(event);
    const dense = events.findLast(({ type }) => type === 'checkpoint') as Extract<
      RunEvent,
      { type: 'checkpoint' }
    >;
    const pruned = events.findLast(({ type }) => type === 'subnetwork') as Extract<
      RunEvent,
      { type: 'subnetwork' }
    >;
    expect(cell?.denseLoss).toBe(dense.figures.trainingLoss);
    expect(cell?.denseTestAccuracy).toBe(dense.figures.testAccuracy);
    expect(cell?.distinct).toBe(pruned.figures.width);
    // Measured from activations in float32, whatever the picks were chosen by.
    expect(pruned.selection?.loss.at(-1)).toBeCloseTo(pruned.figures.trainingLoss, 6);
    // The same subnetwork, summed up over all neurons instead of its own.
    expect(cell?.subnetworkLoss).toBeCloseTo(pruned.figures.trainingLoss, 6);
    expect(cell?.subnetworkTestLoss).toBeCloseTo(pruned.figures.testLoss, 6);
  },
);

test('fine-tuning is compared with as many steps of the dense network and of a fresh one, as in a run', async () => {
  const same = { picks: 7, batch: 8, width: 19, momentum: 0.5, iterations: 20 };
  const given = { ...same, fineTune: 10, fineTuneLearningRate: 0.05 };
  const tuned = parseStudyConfig({ ...config, ...given, sizes: [37], trials: 1 });
  const { cells } = await session(tuned);
  expect(cells).toHaveLength(3);
  const examples = drawExamples(source, 37, 0);
  const summarised = (changes: object) =>
    finalResult(
      run(device, { config: parseRunConfig({ examples: 37, ...given, ...changes }), examples }),
    );
  const { subnetwork, denseFineTuned, fromScratch } = await summarised({});
  expect(cells.at(-1)).toMatchObject({
    continuedLoss: denseFineTuned?.trainingLoss,
    continuedTestAccuracy: denseFineTuned?.testAccuracy,
    scratchLoss: fromScratch?.trainingLoss,
    scratchTestAccuracy: fromScratch?.testAccuracy,
  });
  const alone = await summarised({ method: 'scratch', picks: subnetwork.width });
  const { seconds: _, ...figures } = alone.fineTuned!;
  expect(fromScratch).toMatchObject(figures);
  expect(alone.fromScratch).toBeUndefined();
  for (const cell of cells) {
    expect(cell.fineTunedLoss).toBeLessThan(cell.subnetworkLoss);
    expect(cell.continuedLoss).toBeLessThan(cell.denseLoss);
    expect(parseCell(JSON.stringify(cell), 'cells.jsonl', 1)).toEqual(cell);
  }
  const bare = await session({ ...tuned, controls: false, iterations: 10 });
  const { continuedLoss, scratchLoss, fineTunedLoss } = bare.cells[1]!;
  expect([continuedLoss, scratchLoss]).toEqual([undefined, undefined]);
  expect(fineTunedLoss).toBe(cells[1]?.fineTunedLoss);
});

test('methods and rules are compared on the same checkpoints', async () => {
  const swept = parseStudyConfig({
    ...config,
    sizes: [37],
    trials: 1,
    picks: 6,
    method: ['greedy', 'random'],
    rule: ['average', 'line-search', 'corrective'],
  });
  const { cells } = await session(swept);
  expect(cells).toHaveLength(cellCount(swept));
  const last = cells.filter(({ iteration }) => iteration === 25);
  const [average, lineSearch, corrective, random] = last.map(
    ({ subnetworkLoss }) => subnetworkLoss,
  );
  expect(new Set(last.map(({ denseLoss }) => denseLoss)).size).toBe(1);
  expect(lineSearch).toBeLessThan(average!);
  expect(corrective).toBeLessThan(average!);
  expect(random).toBeGreaterThan(average!);
});

test.each(['greedy', 'scratch'])('a phase of a run has one total, by %s', async (method) => {
  const examples = drawExamples(source, 37, 0);
  const given = { examples: 37, width: 9, iterations: 6, picks: 4, fineTune: 3, method };
  const totals = new Map<string, Set<number>>();
  for await (const event of run(device, { config: parseRunConfig(given), examples })) {
    if (event.type !== 'progress') continue;
    const { phase, done, total } = event;
    expect(done).toBeLessThanOrEqual(total);
    totals.set(phase, new Set([...(totals.get(phase) ?? []), total]));
  }
  expect(Object.fromEntries([...totals].map(([phase, all]) => [phase, [...all]]))).toEqual({
    'pre-train': [6],
    prune: [method === 'scratch' ? 6 : 4],
    'fine-tune': [3],
    controls: [method === 'scratch' ? 3 : 12],
  });
});

test('a run has the rule of greedy selection only, as cells have', async () => {
  const examples = drawExamples(source, 37, 0);
  const given = { examples: 37, width: 9, iterations: 2, picks: 4, fineTune: 0 };
  const ruleOfRun = async (method: string, rule?: string) => {
    const config = parseRunConfig({ ...given, method, rule });
    const { subnetwork } = await finalResult(run(device, { config, examples }));
    return subnetwork.rule;
  };
  expect(await ruleOfRun('greedy', 'corrective')).toBe('corrective');
  expect(await ruleOfRun('magnitude')).toBe('average');
  expect(await ruleOfRun('scratch')).toBe(undefined);
});

test('a state survives its file, and one of another network is refused', async () => {
  const { states } = await session(config, undefined, 8);
  const [trial] = listTrials(config);
  const state = states.get(trialName(trial!))!;
  const shape = networkShape({ ...config, ...trial! }, source);
  const bytes = encodeState(state);
  expect(decodeState(bytes, 'state', shape)).toEqual(state);
  expect(() => decodeState(bytes, 'state', { ...shape, width: 20 })).toThrow(
    /state is not a training state of this study: expected hidden.weight as F32 \[20, 785\], found F32 \[19, 785\]/,
  );
  expect(() => decodeState(bytes.with(-5, 1), 'state', shape)).toThrow(
    /^state was changed or damaged/,
  );
  const unsealed = encodeSafetensors(Object.fromEntries(decodeSafetensors(bytes, 'state')));
  expect(() => decodeState(unsealed, 'state', shape)).toThrow(/expected a checksum, found none/);
  state.network.hidden[700] = Number.NaN;
  expect(() => decodeState(encodeState(state), 'state', shape)).toThrow(
    /^state .*expected finite numbers in hidden\.weight, found NaN as element 700\. Remove the file/,
  );
});
