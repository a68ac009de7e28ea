import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStudyFolder, type StudyFolder } from '../../src/cli/study-folder.js';
import type { TrainedState } from '../../src/experiment/state.js';
import { drawParameters, type TwoLayerShape } from '../../src/models/two-layer.js';
import { listTrials, trialName } from '../../src/study/grid.js';
import { parseStudyConfig } from '../../src/study/study-config.js';
import { sampleCells } from '../report/sample-cells.js';

const SHAPE: TwoLayerShape = { width: 3, inputs: 5, outputs: 1, activation: 'tanh' };

const config = parseStudyConfig({
  sizes: [10],
  trials: 1,
  width: SHAPE.width,
  iterations: 40,
  pruneEvery: 20,
  picks: 2,
  momentum: 0.5,
});
const [trial] = listTrials(config);

const STATE: TrainedState = {
  iteration: 20,
  network: drawParameters(SHAPE, 0),
  velocity: { hidden: new Float32Array(15).fill(0.25), output: new Float32Array(3).fill(-0.5) },
};

let path: string;
let folder: StudyFolder;
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'espalier-study-folder-'));
  folder = await openStudyFolder(path, config);
});
afterAll(async () => {
  await folder.close();
  await rm(path, { recursive: true });
});

async function readBack(state: TrainedState): Promise<TrainedState | undefined> {
  await folder.saveState(trial!, state);
  return folder.readState(trial!, SHAPE);
}

test('a state comes back', async () => {
  expect(await readBack(STATE)).toEqual(STATE);
  const first = { iteration: 0, network: STATE.network };
  expect(await readBack(first)).toEqual(first);
});

test('a state that a kill left behind the last cell of its trial goes when the folder is opened', async () => {
  const done = await mkdtemp(join(tmpdir(), 'espalier-study-done-'));
  const begun = await openStudyFolder(done, config);
  await begun.saveState(trial!, STATE);
  for (const cell of sampleCells(config)) await begun.append(cell);
  await begun.close();
  const again = await openStudyFolder(done, config);
  expect(await readdir(done)).toEqual(['cells.jsonl', 'config.json', 'folder.lock']);
  await again.close();
  await rm(done, { recursive: true });
});

test.each<[string, TrainedState, RegExp]>([
  ['between checkpoints', { ...STATE, iteration: 7 }, /is of iteration 7, which is no checkpoint/],
  ['past the end', { ...STATE, iteration: 60 }, /is of iteration 60, which is no checkpoint/],
  [
    'without what momentum has gathered',
    { iteration: 20, network: STATE.network },
    /has no velocities, which momentum 0\.5 goes on with/,
  ],
])(
  'a state %s is refused, its file named, though its checksum is right',
  async (_, state, words) => {
    const refused = await readBack(state).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'bad-data', message: expect.stringMatching(words) });
    const file = join(path, `state-${trialName(trial!)}.safetensors`);
    expect((refused as Error).message.startsWith(file)).toBe(true);
  },
);
