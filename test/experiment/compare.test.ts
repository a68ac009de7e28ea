import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { compare, compareNetwork } from '../../src/experiment/compare.js';
import {
  CONTENDERS,
  type CompareInput,
  type Contender,
} from '../../src/experiment/compare-events.js';
import { drawExamples, type Examples } from '../../src/experiment/examples.js';
import { finalResult } from '../../src/experiment/relay.js';
import { run } from '../../src/experiment/run.js';
import { runSchema } from '../../src/experiment/run-config.js';
import type { Device } from '../../src/gpu/device.js';
import { drawParameters } from '../../src/models/two-layer.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { writeSource } from './source.js';

const M = 70;

let root: string;
let device: Device;
let examples: Examples;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-compare-'));
  const data = await writeSource(root, { rows: 3, columns: 5, train: M, test: 30 });
  examples = drawExamples(await readImageSource(data), M, 0);
  device = await sharedDevice();
});
afterAll(async () => {
  await requireNothingLeft();
  await rm(root, { recursive: true });
});

function compareInput(
  given: object,
  contenders: readonly Contender[],
  sizes: readonly number[],
): CompareInput {
  const config = runSchema.parse({ examples: M, width: 12, batch: 9, iterations: 30, ...given });
  return { config, contenders, sizes, examples };
}

describe('before any training it is refused that', () => {
  test.each<[string, object, readonly Contender[], readonly number[], RegExp]>([
    ['sizes descend', {}, ['greedy'], [5, 3], /^sizes must be ascending .*not \[5,3\]\.$/],
    [
      'a method comes twice',
      {},
      ['greedy', 'random', 'greedy'],
      [3],
      /^methods must be .*once.*"greedy","random","greedy"/,
    ],
    [
      'a ranking is too short',
      {},
      CONTENDERS,
      [5, 13],
      /^sizes 13 must be no more than width 12: .*only greedy/,
    ],
    [
      'neurons run out',
      { replacement: false },
      ['greedy'],
      [13],
      /^sizes 13 must be no more than width 12: without replacement/,
    ],
    [
      'a method is of the squared loss',
      { loss: 'cross-entropy', task: 'digits' },
      ['greedy', 'backward'],
      [3],
      /^methods backward goes with loss squared only, not with cross-entropy: /,
    ],
    [
      'a rule needs Gram rows',
      { oracle: 'direct' },
      CONTENDERS,
      [3],
      /^oracle direct goes with methods greedy only, not with line-search: /,
    ],
    [
      'a rule takes no batch',
      { selectionBatch: 9 },
      CONTENDERS,
      [3],
      /^selectionBatch 9 goes with methods greedy only/,
    ],
    [
      'candidates run out',
      { candidates: 3, replacement: false },
      ['greedy'],
      [2, 5],
      /^candidates 3 must be no fewer than sizes 5: /,
    ],
  ])('%s', async (_, given, contenders, sizes, message) => {
    const input = compareInput(given, contenders, sizes);
    const refused = { code: 'bad-config', message: expect.stringMatching(message) };
    await expect(compare(device, input).next()).rejects.toMatchObject(refused);
    const shape = { width: 12, inputs: 16, outputs: 1, activation: 'tanh' } as const;
    const network = drawParameters(shape, 0);
    await expect(compareNetwork(device, network, input).next()).rejects.toMatchObject(refused);
    expect(device.liveBytes).toBe(0);
  });
});

test('a share of the dense loss ends greedy selection, and no other, as in a run', async () => {
  const contest = (given: object) =>
    finalResult(compare(device, compareInput(given, ['greedy', 'line-search', 'random'], [2, 12])));
  const { curves, dense } = await contest({});
  const [, lineSearch] = curves;
  const target = 1.0001 * lineSearch!.loss[4]!;
  const given = { targetFraction: target / dense.loss };
  const found = await contest(given);
  const ended = curves.map(({ method, loss }) => {
    const at = loss.findIndex((value) => value <= target);
    return method === 'random' || at < 0 ? 12 : at + 1;
  });
  expect(ended[1]).toBeLessThanOrEqual(5);
  expect(found.curves.map(({ loss }) => loss.length)).toEqual(ended);
  const last = found.rows.filter((_, at) => at % 2 === 1);
  expect(last.map(({ picks }) => picks)).toEqual(ended);

  const { config } = compareInput({ ...given, rule: 'line-search', fineTune: 0 }, [], []);
  const { subnetwork } = await finalResult(run(device, { config, examples }));
  expect(subnetwork.picks).toBe(ended[1]);
  expect(subnetwork.stopped).toBe('target');
  expect(device.liveBytes).toBe(0);
});
