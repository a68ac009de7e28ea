import { expect, test } from 'vitest';
import type { Pictures } from '../../src/data/pictures.js';
import { publishedLayout } from '../../src/experiment/model/prune/layout.js';
import { chosenUnits } from '../../src/experiment/model/prune/units.js';
import { costOfKept } from '../../src/graph/cost.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { MODEL_STUDY } from '../../src/study/kinds.js';
import { analyseModelStudy, fullyTrained } from '../../src/study/model/analysis.js';
import { parseModelStudyConfig } from '../../src/study/model/config.js';
import {
  drawPictures,
  hasModelCell,
  listModelTrials,
  listStudiedModels,
  nameOfModelTrial,
  placesOfStudy,
  requireStudyPictures,
  stepsOfStudy,
} from '../../src/study/model/grid.js';
import { requirePrunable } from '../../src/study/model/prunable.js';
import { shareOfCuts, workOfPlace } from '../../src/study/model/work.js';
import { parseCellLine } from '../../src/study/records.js';
import { modelCells } from './model-cells.js';

const SMALL = { architecture: 'resnet8', sizes: [128, 300], epochs: 8 };

function followedBy(method: string, share: number) {
  // biome-ignore lint/suspicious/noThenProperty: the flag's name; a list is no function, so nothing awaits it
  return { then: [method, share] };
}

test('fills in quarters, fine-tuning and half of the multiply-adds', () => {
  const config = parseModelStudyConfig(SMALL);
  expect(config).toMatchObject({ checkpoints: [0, 2, 4, 6, 8], fineTune: 1, flops: 0.5 });
  // 300 pictures in batches of 128 are three steps.
  expect(stepsOfStudy(config, 300)).toEqual({
    all: 24,
    checkpoints: [0, 6, 12, 18, 24],
    fineTune: 3,
  });
  expect(placesOfStudy(config)).toHaveLength(2 * 3 * 5 * 3);
  expect(placesOfStudy(config).every((place) => hasModelCell(config, place))).toBe(true);
  const [place] = placesOfStudy(config);
  expect(hasModelCell(config, { ...place!, iteration: 5 })).toBe(false);
  expect(hasModelCell(config, { ...place!, width: 2 })).toBe(false);
});

test('sweeps architectures and widths: of each the same trials', () => {
  const config = parseModelStudyConfig({
    ...SMALL,
    ...{ architecture: ['resnet8', 'resnet20'], widths: [0.5, 1], trials: 1 },
  });
  expect(listModelTrials(config).map(nameOfModelTrial)).toEqual([
    ...['resnet8-w0.5-m128-r0', 'resnet8-w0.5-m300-r0', 'resnet8-w1-m128-r0', 'resnet8-w1-m300-r0'],
    ...['resnet20-w0.5-m128-r0', 'resnet20-w0.5-m300-r0'],
    ...['resnet20-w1-m128-r0', 'resnet20-w1-m300-r0'],
  ]);
  expect(analyseModelStudy(config, modelCells(config), 0)).toMatchObject(
    listStudiedModels(config).flatMap((model) =>
      config.criteria.map((criterion) => ({ ...model, criterion })),
    ),
  );
});

test('reads records that were written when a study was of one network', () => {
  const config = MODEL_STUDY.parse({ ...SMALL, width: 0.5, trials: 1, criteria: ['group'] });
  expect(config).toMatchObject({ architecture: ['resnet8'], widths: [0.5] });
  const [{ architecture: _, width: __, ...cell } = {}] = modelCells(config);
  const place = { file: 'cells.jsonl', number: 1, usual: MODEL_STUDY.usualOfCell(config) };
  const read = parseCellLine(MODEL_STUDY.cells, JSON.stringify(cell), place);
  expect(read).toMatchObject({ architecture: 'resnet8', width: 0.5 });
  expect(MODEL_STUDY.hasCell(config, read)).toBe(true);
});

test('the presets of the paper have its steps, and its layout on ResNet-34', () => {
  const config = parseModelStudyConfig({ preset: 'paper-resnet34' });
  for (const size of config.sizes) {
    expect(stepsOfStudy(config, size)).toMatchObject({ all: 80_000, fineTune: 2500 });
  }
  const graph = buildArchitecture('resnet34');
  const units = chosenUnits(graph, 'inner');
  const kept = publishedLayout(graph);
  const cost = costOfKept(graph, units);
  const whole = cost(units.map(({ channels }) => channels));
  const left = cost(units.map(({ name, channels }) => kept[name] ?? channels));
  expect(100 * (1 - left.multiplyAdds / whole.multiplyAdds)).toBeCloseTo(39.1, 1);
  expect(100 * (1 - left.parameters / whole.parameters)).toBeCloseTo(19.6, 1);
  expect(shareOfCuts(config, graph)).toBeCloseTo(0.609, 3);
  requirePrunable(config, graph);
});

test('a key that is given takes the place of those of a preset that it rules out', () => {
  const config = parseModelStudyConfig({ preset: 'paper-resnet34', flops: 0.6, epochs: 20 });
  expect(config).toMatchObject({ flops: 0.6, checkpoints: [0, 5, 10, 15, 20], fineTune: 2 });
  expect(parseModelStudyConfig({ ...SMALL, layerTolerance: 0.02 }).flops).toBeUndefined();
  expect(config.layout).toBeUndefined();
  expect(config.iterations).toBeUndefined();
});

test.each([
  [{ checkpoints: [0, 9] }, /checkpoints must be epochs of the schedule: .* 8, as the last/],
  [{ checkpoints: [4, 2, 8] }, /checkpoints must be a list of whole numbers .* ascending/],
  [{ iterations: 40 }, /does not go with .*: pre-training is counted in one of them/],
  [{ flops: 0.5, layout: 'paper' }, /a network is cut to one budget/],
  [{ batch: 129 }, /a step needs as many pictures as its batch has/],
  [{ preset: 'paper-resnet34' }, /architecture must be resnet34, not "resnet8"/],
  [{ criteria: ['l1', 'l1'] }, /criteria must be a list of criteria in which none comes twice/],
  [{ widths: [1, 1] }, /widths must be .*, or a list of them in which none comes twice/],
  [{ architecture: ['resnet8', 'resnet9'] }, /architecture must be one of resnet8, resnet20/],
  [{ widths: [0.5, 65] }, /widths must be a number above 0 and at most 64/],
  [{ width: 2 }, /Unknown configuration key "width". The keys are .*widths/],
  [{ flops: 0.5, layerTolerance: 0.02 }, /a network is cut to one budget/],
  [{ ...followedBy('magnitude', 0.5), layerTolerance: 0.02 }, /how few weights a tolerance leaves/],
  [followedBy('magnitude', 1), /then must be "magnitude" and a share above 0 and below 1/],
  [followedBy('taylor', 0.5), /then must be "magnitude" and a share above 0 and below 1/],
  [{ picks: 3 }, /Unknown configuration key "picks"/],
] as const)('refuses %o', (changes, message) => {
  expect(() => parseModelStudyConfig({ ...SMALL, ...changes })).toThrow(message);
});

test('refuses budgets and layouts that do not fit the network', () => {
  const graph = buildArchitecture('resnet8');
  const layout = parseModelStudyConfig({ ...SMALL, layout: 'paper' });
  expect(() => requirePrunable(layout, graph)).toThrow(/published for ResNets of four stages/);
  const little = parseModelStudyConfig({ ...SMALL, flops: 0.01 });
  expect(() => requirePrunable(little, graph)).toThrow(/budget|least/);
  const sparse = (share: number) =>
    parseModelStudyConfig({ ...SMALL, ...followedBy('magnitude', share), parameters: 0.5 });
  requirePrunable(sparse(0.75), graph);
  expect(() => requirePrunable(sparse(0.95), graph)).toThrow(
    /then must be magnitude with 0\.\d+ at most, not "magnitude 0.95": channels alone/,
  );
});

function pictures(labels: readonly number[]): Pictures {
  const size = { height: 1, width: 1, channels: 3 };
  return {
    ...size,
    count: labels.length,
    pixels: Uint8Array.from({ length: 3 * labels.length }, (_, at) => at % 251),
    labels: Uint32Array.from(labels),
    classes: ['cat', 'dog'],
  };
}

test('refuses data with too few pictures, in all or of a class', () => {
  const config = parseModelStudyConfig({ ...SMALL, sizes: [6], batch: 6 });
  const source = (labels: readonly number[]) => ({
    name: 'pets',
    train: pictures(labels),
    test: pictures([0]),
  });
  requireStudyPictures(config, source([0, 1, 0, 1, 0, 1]));
  expect(() => requireStudyPictures(config, source([0, 1, 0, 1, 0]))).toThrow(
    /sizes must be whole numbers from 1 to 5/,
  );
  expect(() => requireStudyPictures(config, source([0, 1, 0, 0, 1, 0]))).toThrow(
    /pets has 2 pictures of the class dog, fewer than the 3 that a batch of 6 would have/,
  );
  const drawn = drawPictures(pictures([0, 1, 0, 1, 0, 1]), 4, 3);
  expect(drawn.count).toBe(4);
});

test('finds from which step on a subnetwork was as good as the fully trained dense network', () => {
  const config = parseModelStudyConfig({ ...SMALL, criteria: ['group'], trials: 2 });
  const cells = modelCells(config);
  const [analysis, ...others] = analyseModelStudy(config, cells, 0);
  expect(others).toEqual([]);
  expect(fullyTrained(analysis!.courses[0]!)).toBe(0.55);
  // 0.3 + 0.4 s ≥ 0.55 from s = 0.625 on, which is the checkpoint of 6 epochs; 0.2 + 0.4 s from 0.875 on.
  expect(analysis?.thresholds.map(({ examples, iteration }) => [examples, iteration])).toEqual([
    [128, 6],
    [128, 6],
    [300, 24],
    [300, 24],
  ]);
  const lenient = analyseModelStudy({ ...config, tolerance: 0.1 }, cells, 0);
  expect(lenient[0]?.thresholds[0]?.iteration).toBe(4);
  // A trial that lacks a cell counts for nothing.
  expect(analyseModelStudy(config, cells.slice(1), 0)[0]?.courses).toHaveLength(3);
});

test('counts what cells share once', () => {
  const config = parseModelStudyConfig({ ...SMALL, trials: 1, criteria: ['group', 'l1'] });
  const sizes = { share: 0.5, relative: 1, testPictures: 10 };
  const [first, second] = placesOfStudy(config).map((place) => workOfPlace(config, place, sizes));
  // Eight steps of pre-training; of fine-tuning and from scratch half a step each; one of the dense network.
  expect(first).toEqual({ trained: 128 * (8 + 0.5 + 1 + 0.5), answered: 10 * (1 + 1 + 1 + 0.5) });
  expect(second).toEqual({ trained: 128 * 0.5, answered: 10 * 1 });
});
