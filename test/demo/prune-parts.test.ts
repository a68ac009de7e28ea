import { expect, test } from 'vitest';
import { asideWords } from '../../demo/prune/aside.js';
import { sortBrought } from '../../demo/prune/brought.js';
import { divided, planWithin } from '../../demo/prune/cut.js';
import { bringBack, type Desk, isCurrent, putAside, unmeasured } from '../../demo/prune/desk.js';
import { triedUnder } from '../../demo/prune/figures.js';
import { viewOfNetwork } from '../../demo/prune/network-view.js';
import type { ResultView } from '../../demo/prune/protocol.js';
import { picturesFor, readPictureFiles } from '../../demo/prune/read-pictures.js';
import { snippetFor } from '../../demo/prune/snippet.js';
import { ownPictures, sayPixels } from '../../demo/prune/sources.js';
import { leftCuts, withCutsNoted } from '../../demo/prune/unfinished.js';
import { costOf, verdictOf } from '../../demo/prune/verdict.js';
import { pruneText } from '../../demo/prune/wording.js';
import type { Keeper } from '../../demo/state/keeper.js';
import { PREPROCESSINGS, type Preprocessing } from '../../src/data/pictures.js';
import { EspalierError } from '../../src/errors.js';
import { encodeModel, loadModel } from '../../src/experiment/model/model.js';
import { modelFiles } from '../../src/experiment/model/model-files.js';
import { countedCost } from '../../src/experiment/model/prune/share.js';
import { chosenUnits } from '../../src/experiment/model/prune/units.js';
import { encodeWeights } from '../../src/formats/weights.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { activation, convolution, linear } from '../../src/models/nodes.js';
import { randomPictures } from '../experiment/model/random-pictures.js';
import { randomNetwork, sampleGraph } from '../graph/sample.js';

const resnet8 = randomNetwork(buildArchitecture('resnet8'));
const plain = { preprocessing: PREPROCESSINGS.unit, counters: new Map() };

test('half of the pictures judge, the same ones each time; few do both', () => {
  for (const count of [8, 9, 511, 5000]) {
    const { calibrating, judging } = divided(count);
    expect(judging).toHaveLength(Math.min(256, Math.floor(count / 2)));
    const all = [...calibrating, ...judging].toSorted((one, other) => one - other);
    expect(all).toEqual(Array.from({ length: count }, (_, at) => at));
    expect(divided(count)).toEqual({ calibrating, judging });
  }
  const few = divided(5);
  expect(few.judging).toEqual(few.calibrating);
});

test('a budget below the least is planned as the least, and every other as asked', () => {
  const { graph } = resnet8;
  const units = chosenUnits(graph, 'inner');
  const measured = { cost: countedCost(graph, units, 'multiplyAdds'), curves: [] };
  const planned = (share: number) =>
    planWithin(resnet8, { budget: { of: 'multiplyAdds', share }, units: 'inner', measured });
  const { plan, least } = planned(0.0001);
  expect(plan.units.map(({ kept }) => kept)).toEqual([1, 1, 1]);
  expect(plan.reached).toBeCloseTo(least, 12);
  expect(planned(0.5).plan.reached).toBeLessThanOrEqual(0.5);
  expect(planned(0.5).plan.reached).toBeGreaterThan(0.4);
});

test('every layer says whether it can go, or why it stays', () => {
  const view = (units: 'inner' | 'all') =>
    viewOfNetwork(
      { ...plain, architecture: 'resnet8', network: resnet8 },
      { file: 'net.onnx', builtIn: false, bytes: 1, units },
    );
  const why = (units: 'inner' | 'all') =>
    new Map(view(units).layers.map((layer) => [layer.name, layer.why]));
  expect(why('inner').get('layer1.0.conv1')).toBe('Can go.');
  expect(why('inner').get('conv1')).toMatch(/^Stays: a shortcut .* “residual streams too”/);
  expect(why('all').get('conv1')).toBe('Can go, together with layer1.0.conv2.');
  expect(why('all').get('layer1.0.conv2')).toBe('Can go, together with conv1.');
  expect(view('all').layers.at(-1)?.why).toMatch(/the network’s answers/);
  expect(view('inner')).toMatchObject({
    form: 'ONNX',
    classes: 10,
    endings: ['.safetensors', '.onnx'],
  });
  const grouped = randomNetwork(
    sampleGraph([
      convolution('c1', 'input', { outputs: 6, kernel: 1 }),
      activation('a1', 'c1'),
      convolution('c2', 'a1', { outputs: 4, kernel: 1, groups: 2 }),
      { kind: 'global-average-pool', name: 'mean', inputs: ['c2'] },
      linear('fc', 'mean', 3),
    ]),
  );
  const { layers } = viewOfNetwork(
    { ...plain, architecture: 'grouped', network: grouped },
    { file: 'net.h5', builtIn: false, bytes: 1, units: 'inner' },
  );
  expect(layers.map(({ name, goes }) => [name, goes])).toEqual([
    ['c1', true],
    ['c2', true],
    ['fc', false],
  ]);
});

test('labels of other classes than the network tells apart are not used', () => {
  const pictures = { ...randomPictures(3), labels: Uint32Array.of(0, 1, 1), classes: ['a', 'b'] };
  expect(picturesFor(pictures, pictures, 2)).toEqual({ pictures });
  const other = picturesFor(pictures, pictures, 10);
  expect(other.pictures.labels).toBeUndefined();
  expect(other.note).toMatch(/of 2 classes, and the network tells 10 apart/);
  expect(() => picturesFor(pictures, { ...pictures, height: 7 }, 2)).toThrow(/7 × 9 pixels/);
});

test('the lines that run a file hold its name, its size and its pixels', () => {
  const input = { height: 32, width: 48, channels: 3 };
  const first = { input, layout: 'channels first' } as const;
  const pixels = (preprocessing: Preprocessing, guessed = false) => ({ ...preprocessing, guessed });
  const { imagenet, unit } = PREPROCESSINGS;
  const onnx = snippetFor('net.onnx', first, pixels(imagenet));
  expect(onnx).toMatch(/"net\.onnx".*resize\(\(48, 32\)\).*0\.485.*transpose\(2, 0, 1\)/s);
  const rows = { input, layout: 'rows first' } as const;
  expect(snippetFor('net.onnx', rows, pixels(unit))).not.toMatch(/transpose/);
  expect(snippetFor('net.json', first, pixels(unit))).toMatch(/loadLayersModel\('net\.json'\)/);
  expect(snippetFor('net.safetensors', first, pixels(unit))).toMatch(/from 'espalier'/);
  for (const [name, comment] of [
    ['net.onnx', '#'],
    ['net.json', '//'],
    ['net.safetensors', '//'],
  ] as const) {
    const said = `\n${comment} The mean and deviation are a guess: `;
    expect(snippetFor(name, first, pixels(imagenet, true))).toContain(said);
    expect(snippetFor(name, first, pixels(imagenet))).not.toContain('guess');
  }
});

test('the pixels of a network are a guess unless its file says them', () => {
  const model = { ...plain, architecture: 'resnet8', network: resnet8 };
  expect(sayPixels(encodeModel(model), 'net.safetensors')).toBe(true);
  const bare = { weights: resnet8.weights, counters: new Map() };
  expect(sayPixels(encodeWeights(bare), 'net.safetensors')).toBe(false);
  expect(sayPixels(modelFiles(model, 'net.onnx').bytes, 'net.onnx')).toBe(false);
});

test('weights of an unknown network lead to ONNX, not to a control that the page lacks', () => {
  const weights = new Map([['odd.weight', { shape: [1], data: Float32Array.of(1) }]]);
  const bytes = encodeWeights({ weights, counters: new Map() });
  let text = '';
  try {
    loadModel(bytes, 'odd.safetensors');
  } catch (error) {
    text = pruneText(error);
  }
  expect(text).toMatch(/^odd\.safetensors holds weights alone.* Export the network as ONNX/);
});

test('an open height and width leads to another export, and the way is the only one named', () => {
  const instead = { inputSize: 'HEIGHT,WIDTH' };
  const details = { kind: 'message', message: 'net.onnx is open.', instead } as const;
  expect(pruneText(new EspalierError('bad-config', details))).toBe(
    'net.onnx is open. Export it with a fixed height and width.',
  );
});

test('a .json among pictures is a network only where its weights lie beside it', () => {
  const sorted = (...paths: string[]) => {
    const files = paths.map((path) => ({ path, file: new File([], path) }));
    const { network, pictures } = sortBrought(files);
    return [network.map(({ path }) => path), pictures.map(({ path }) => path)];
  };
  expect(sorted('a/1.png', 'a/labels.json', 'notes.txt')).toEqual([[], ['a/1.png']]);
  expect(sorted('a/1.png', 'n/model.json', 'n/w.bin', 'a/labels.json', 'x.txt')).toEqual([
    ['n/model.json', 'n/w.bin'],
    ['a/1.png'],
  ]);
  expect(sorted('net.onnx', 'net.onnx_data', 'data_batch_1.bin', 'labels.json')).toEqual([
    ['net.onnx', 'net.onnx_data'],
    ['data_batch_1.bin'],
  ]);
  expect(sorted('net.onnx', 'weights', 'config.json')).toEqual([['net.onnx', 'weights'], []]);
  expect(sorted('model.json')).toEqual([['model.json'], []]);
  expect(sorted('notes.txt')).toEqual([['notes.txt'], []]);
});

test('of several arrays none is read', async () => {
  const files = ['a.npy', 'b.NPY'].map((path) => ({ path, file: new File([], path) }));
  const size = { height: 1, width: 1, channels: 1 };
  await expect(readPictureFiles(files, size, () => {})).rejects.toThrow(
    /One \.npy .* a\.npy, b\.NPY/,
  );
});

test('a cut is begun again that ended with the page, but not one that another tab is at', async () => {
  const kept = new Map<string, unknown>();
  const keeper: Keeper = {
    keeps: () => true,
    get: async (name) => kept.get(name),
    put: async (name, value) => void kept.set(name, value),
    update: async () => {},
    remove: async (...names) => {
      for (const name of names) kept.delete(name);
    },
  };
  const cuts = { budgets: [{ of: 'parameters', share: 0.3 }], begun: 1 } as const;
  expect(await leftCuts(keeper, undefined)).toBeUndefined();
  await withCutsNoted(cuts, keeper, undefined, async () => {
    expect(await leftCuts(keeper, undefined)).toEqual(cuts);
    const held = { request: () => Promise.reject(new Error('timed out')) };
    expect(await leftCuts(keeper, held)).toBeUndefined();
  });
  const failed = withCutsNoted(cuts, keeper, undefined, () => Promise.reject(new Error('lost')));
  await expect(failed).rejects.toThrow('lost');
  // Neither what came to its end nor what failed is left.
  expect(kept.size).toBe(0);
  await withCutsNoted({ ...cuts, begun: 3 }, keeper, undefined, async () => {
    expect(await leftCuts(keeper, undefined)).toBeUndefined();
  });
});

test('what is replaced lies aside where it would be lost, and comes back with what was made since', () => {
  const network = (name: string, builtIn = false) =>
    ({ model: { architecture: name }, builtIn }) as unknown as NonNullable<Desk['network']>;
  const pictures = (name: string, count: number, builtIn = false) =>
    ownPictures({ name, builtIn, pictures: randomPictures(count) });
  const choices = { preprocessing: PREPROCESSINGS.unit, guessed: false, units: 'inner' } as const;
  const resultOf = ({ pictures: own }: Desk, id: number) => {
    const made = { name: own?.name, checksum: own?.checksum };
    const { preprocessing } = choices;
    return { view: { id, pictures: made }, preprocessing } as unknown as Desk['results'][number];
  };
  const desk = (own: Partial<Desk>): Desk => ({
    choices,
    ...unmeasured(),
    results: [],
    ...own,
  });
  const start = desk({ network: network('resnet8', true), pictures: pictures('all', 9, true) });
  const many = { ...start, pictures: pictures('photos', 120) };
  // What comes with the page can be had again.
  expect(putAside([], start, many)).toEqual([]);
  const made = { ...many, results: [resultOf(many, 1)] };
  const one = { ...made, pictures: pictures('cat.png', 1) };
  expect([made, one].map((own) => own.results.map((result) => isCurrent(result, own)))).toEqual([
    [true],
    [false],
  ]);
  const asides = putAside([], made, one);
  expect(asides).toEqual([made]);
  const since = { ...one, results: [...one.results, resultOf(one, 2)] };
  const back = bringBack(asides, since);
  expect(back.desk).toEqual({ ...made, results: since.results });
  expect(back.asides).toEqual([since]);
  // What is made at one desk of a network is there at all of them, in whatever order they come by.
  const apart = putAside(asides, one, desk({ network: network('mine') }));
  const first = bringBack(apart, desk({ network: network('mine') }));
  const second = bringBack(first.asides, first.desk);
  const longer = { ...second.desk, results: [...second.desk.results, resultOf(second.desk, 2)] };
  const third = bringBack(second.asides, longer);
  const fourth = bringBack(third.asides, third.desk);
  expect([third.desk.network?.model.architecture, fourth.desk.pictures?.name]).toEqual([
    'mine',
    'cat.png',
  ]);
  expect(bringBack(fourth.asides, fourth.desk).desk).toEqual(longer);
  // Another network takes no result along, and leaves none behind.
  const other = desk({ network: network('mine') });
  const two = putAside([], since, other);
  expect(bringBack(two, other)).toEqual({ desk: since, asides: [other] });
  // What lies aside already does not twice.
  expect(putAside(two, { ...other, pictures: since.pictures }, desk(start))).toHaveLength(2);
  expect(putAside([made], made, start)).toEqual([made]);
});

test('what was tried counts for the pictures, labels, pixels and units that it was tried with', () => {
  const { pixels, ...size } = randomPictures(2);
  const own = (others: object = {}) =>
    ownPictures({ name: 'yours', builtIn: false, pictures: { ...size, pixels, ...others } });
  const sums = [
    {},
    { pixels: pixels.map((value) => 255 - value) },
    { labels: Uint32Array.of(1, 0) },
  ];
  expect(new Set(sums.map((others) => own(others).checksum)).size).toBe(3);
  const { preprocessing } = plain;
  const made = { view: { pictures: own() }, preprocessing } as unknown as Desk['results'][number];
  const judged = (others: object, pixelsTaken: Preprocessing = preprocessing) => {
    const choices = { preprocessing: pixelsTaken, guessed: false, units: 'inner' } as const;
    const desk = { pictures: own(others), choices, ...unmeasured(), results: [made] };
    return isCurrent(made, desk);
  };
  expect(sums.map((others) => judged(others))).toEqual([true, false, false]);
  expect(judged({}, PREPROCESSINGS.imagenet)).toBe(false);

  const tries = [
    { id: 1, current: true, choice: 'inner', budget: { of: 'parameters', share: 0.5 } },
    { id: 2, current: true, choice: 'all', budget: { of: 'parameters', share: 0.5 } },
    { id: 3, current: false, choice: 'all', budget: { of: 'parameters', share: 0.5 } },
    { id: 4, current: true, choice: 'all', budget: { of: 'multiplyAdds', share: 0.5 } },
  ] as unknown as readonly ResultView[];
  const found = triedUnder({ results: tries, units: 'all' }, 'parameters');
  expect(found.map(({ id }) => id)).toEqual([2]);
});

test('what made way is said with its numbers', () => {
  const photos = { name: 'photos', count: 120 };
  expect(asideWords({ pictures: photos, results: 0 }, { count: 1 })).toEqual({
    text: '120 pictures (photos) made way for 1 other.',
    them: 'them',
  });
  expect(asideWords({ network: 'mine', pictures: photos, results: 2 }, undefined)).toEqual({
    text: 'mine, 120 pictures (photos), and 2 results made way.',
    them: 'them',
  });
  expect(asideWords({ network: 'mine', results: 0 }, undefined).them).toBe('it');
});

test('what is small is praised only where little is lost, and otherwise says what it cost', () => {
  const cut = {
    budget: { of: 'multiplyAdds', share: 0.31 },
    reached: 0.309,
    agreement: 2 / 3,
    judged: 256,
    classes: 10,
    calibrated: 256,
    dense: {},
    pruned: {},
  } as const;
  const alike = (agreement: number) => costOf({ ...cut, agreement });
  expect([1, 0.95, 0.949, 0.9, 0.899].map(alike)).toEqual([
    'little',
    'little',
    'some',
    'some',
    'much',
  ]);
  const right = (dense: number, pruned: number) =>
    costOf({ ...cut, dense: { accuracy: dense }, pruned: { accuracy: pruned } });
  expect([0.9, 0.78, 0.779, 0.75, 0.749].map((pruned) => right(0.8, pruned))).toEqual([
    'little',
    'little',
    'some',
    'some',
    'much',
  ]);
  // A network that guesses loses nothing, which is no praise.
  expect(right(0.1, 0.1)).toBe('unknown');
  const ofTwo = { ...cut, classes: 2, dense: { accuracy: 0.75 }, pruned: { accuracy: 0.6 } };
  expect(costOf(ofTwo)).toBe('much');
  expect(verdictOf(cut)).toMatchObject({
    size: '30.9%',
    counted: 'of the multiply-adds',
    quality: '66.7%',
    meaning: 'same answers',
    said: 'Too much is gone.',
  });
  expect(verdictOf(cut).advice).toMatch(/^Take a larger budget, or train .* --fine-tune/);
  const few = verdictOf({ ...cut, judged: 1, few: { unit: 'layer3', channels: 64 } });
  expect(few.advice).toMatch(/ or more pictures, /);
  expect(few.judges).toMatch(/^Only 1 picture judged it/);
});
