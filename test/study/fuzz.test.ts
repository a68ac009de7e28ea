import { expect, test } from 'vitest';
import { EspalierError } from '../../src/errors.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import { parseJson } from '../../src/json.js';
import { randomStream } from '../../src/random.js';
import { cellSchema, parseCell } from '../../src/study/cell.js';
import { cellCount } from '../../src/study/grid.js';
import { parseStudyConfig } from '../../src/study/study-config.js';
import { changed, fuzz, MUTANTS } from '../fuzz.js';

const CELL = {
  examples: 40,
  trial: 1,
  iteration: 50,
  width: 24,
  picks: 12,
  method: 'greedy',
  rule: 'average',
  learningRate: 1,
  batch: 16,
  denseLoss: 0.25,
  subnetworkLoss: 0.5,
  denseTestLoss: 0.25,
  subnetworkTestLoss: 0.5,
  denseTestAccuracy: 0.75,
  subnetworkTestAccuracy: 0.5,
  distinct: 9,
  passes: 12,
  seconds: 1.5,
  adapter: 'an adapter',
};

test('lines of cells', () => {
  const read = (bytes: Uint8Array, file: string) =>
    parseCell(new TextDecoder().decode(bytes), file, 1);
  fuzz(new TextEncoder().encode(JSON.stringify(CELL)), read, (cell) => {
    expect(cellSchema.safeParse(cell).success).toBe(true);
    expect(Object.values(cell).some((value) => value === Number.POSITIVE_INFINITY)).toBe(false);
  });
});

test.each([
  ['a run', JSON.stringify(parseRunConfig({})), parseRunConfig],
  [
    'a study',
    JSON.stringify(parseStudyConfig({})),
    (given: unknown) => cellCount(parseStudyConfig(given)),
  ],
])('the configuration of %s', (_, text, parse) => {
  const random = randomStream(1, 'configurations');
  for (let i = 0; i < MUTANTS; i++) {
    let bytes = new TextEncoder().encode(text);
    for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = changed(bytes, random);
    let given: unknown;
    try {
      given = parseJson(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
      continue;
    }
    try {
      parse(given);
    } catch (error) {
      if (!(error instanceof EspalierError)) throw error;
      expect(error.code).toBe('bad-config');
      expect(error.message).not.toMatch(/\p{Cc}/u);
      expect(error.message.length).toBeLessThan(1000);
    }
  }
});
