import { expect, test } from 'vitest';
import { parseReport } from '../bench/report.js';
import { configFromSettings, defaultsFor, settingsFromEntries } from '../demo/state/settings.js';
import { parseCompareConfig } from '../src/experiment/compare-config.js';
import { parseCompareModelConfig } from '../src/experiment/model/compare/config.js';
import { parseComparisonRecord } from '../src/experiment/model/compare/record.js';
import { parsePruneConfig } from '../src/experiment/model/prune/config.js';
import { parseTrainConfig } from '../src/experiment/model/train-config.js';
import { parseRunConfig } from '../src/experiment/run-config.js';
import { decode, encode } from '../src/hosts/message.js';
import { parseJson } from '../src/json.js';
import { cellCount } from '../src/study/grid.js';
import { MODEL_CELLS } from '../src/study/model/cell.js';
import { parseModelStudyConfig } from '../src/study/model/config.js';
import { placesOfStudy } from '../src/study/model/grid.js';
import { parseCellLine } from '../src/study/records.js';
import { parseStudyConfig } from '../src/study/study-config.js';
import { sampleReport } from './bench/fixture.js';
import { fuzzJson } from './fuzz.js';
import { modelCells } from './study/model-cells.js';

const STUDY = { architecture: ['resnet8'], data: 'cifar10', sizes: [200] };
const PRUNING = { flops: 0.5 };

test.each<[string, object, (given: unknown) => object]>([
  ['a run', parseRunConfig({}), parseRunConfig],
  ['a comparison', parseCompareConfig({}), parseCompareConfig],
  ['a comparison of cuts', parseCompareModelConfig({ flops: [0.5] }), parseCompareModelConfig],
  ['a pruning', parsePruneConfig(PRUNING), parsePruneConfig],
  ['a training', parseTrainConfig({ architecture: 'resnet8', data: 'c' }), parseTrainConfig],
  ['a study', parseStudyConfig({}), parseStudyConfig],
  ['a study of a deep network', parseModelStudyConfig(STUDY), parseModelStudyConfig],
])(
  'the configuration of %s with odd values is refused, or read the same again',
  (_, own, parse) => {
    fuzzJson(
      own,
      (text) => parse(parseJson(text)),
      (config) => {
        expect(parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
      },
    );
  },
);

test('a study with odd values has a number of cells, or is refused', () => {
  fuzzJson(
    parseStudyConfig({}),
    (text) => cellCount(parseStudyConfig(parseJson(text))),
    (cells) => expect(cells).toBeGreaterThan(0),
  );
  fuzzJson(
    parseModelStudyConfig(STUDY),
    (text) => placesOfStudy(parseModelStudyConfig(parseJson(text))).length,
    (cells) => expect(cells).toBeGreaterThan(0),
  );
});

const share = (value: unknown) => value === undefined || (Number(value) >= 0 && Number(value) <= 1);

test('cells of deep networks with odd values are refused, or possible', () => {
  const [cell] = modelCells(parseModelStudyConfig(STUDY));
  fuzzJson(
    cell!,
    (text, file) => parseCellLine(MODEL_CELLS, text, { file, number: 1 }),
    (read) => {
      for (const [key, value] of Object.entries(read)) {
        if (/Accuracy$/.test(key)) expect(share(value), key).toBe(true);
        if (typeof value === 'number') expect(value, key).toBeGreaterThanOrEqual(0);
      }
      expect(read.multiplyAdds).toBeLessThanOrEqual(read.denseMultiplyAdds);
    },
  );
});

const WAY = { criterion: 'group', refit: 'weights' };

test('records of a comparison with odd values are refused, or possible', () => {
  const cell = {
    ...{ type: 'cell', ...WAY, budgets: 'uniform', of: 'multiplyAdds', share: 0.5, kept: [3, 5] },
    ...{ multiplyAdds: 10, parameters: 20, accuracy: 0.5, agreement: 0.75 },
    ...{ divergence: 0.25, seconds: 2 },
  };
  const read = (text: string, file: string) => parseComparisonRecord(text, file, 1);
  expect(read(JSON.stringify(cell), 'f')).toEqual(cell);
  fuzzJson(cell, read, (record) => {
    if (record.type !== 'cell') return;
    expect([record.accuracy, record.agreement, record.share].every(share)).toBe(true);
    expect(Math.min(record.seconds, record.multiplyAdds, record.parameters)).toBeGreaterThanOrEqual(
      0,
    );
  });
  const curve = { type: 'curve', ...WAY, unit: 'u', channels: 8, kept: [4, 8], divergence: [1, 0] };
  expect(read(JSON.stringify(curve), 'f')).toEqual(curve);
  fuzzJson(curve, read, (record) => {
    if (record.type !== 'curve') return;
    expect(record.divergence).toHaveLength(record.kept.length);
    expect(Math.max(0, ...record.kept)).toBeLessThanOrEqual(record.channels);
  });
});

test('a benchmark’s report with odd values is refused, or read', () => {
  fuzzJson(sampleReport([]), parseReport, ({ limits }) => {
    expect(Object.values(limits).every((limit) => limit > 0)).toBe(true);
  });
});

test('settings of a link with odd values are refused, or a run’s', () => {
  const defaults = defaultsFor('software');
  fuzzJson(
    defaults,
    (text) => {
      const entries = Object.entries(JSON.parse(text) as object);
      return settingsFromEntries(
        entries.map(([key, value]) => [key, String(value)]),
        defaults,
      );
    },
    (settings) => expect(() => configFromSettings(settings)).not.toThrow(),
  );
});

test('a message whose header has odd values is refused, or read', () => {
  const message = encode({ id: 3, event: { a: [1, Number.NaN], b: new Map([[1, 'x']]), c: 'd' } });
  const size = new DataView(message.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(message.subarray(4, 4 + size))) as object;
  fuzzJson(header, (text) => {
    const bytes = new TextEncoder().encode(text);
    const changed = new Uint8Array(8 * Math.ceil((4 + bytes.length) / 8));
    new DataView(changed.buffer).setUint32(0, bytes.length, true);
    changed.set(bytes, 4);
    return decode(changed);
  });
});
