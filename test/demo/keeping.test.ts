import { signal } from '@preact/signals';
import { expect, test } from 'vitest';
import { createCompareKeeping, type KeptComparison } from '../../demo/compare/keeping.js';
import type { Mode } from '../../demo/state/drive.js';
import type { Keeper } from '../../demo/state/keeper.js';
import { createKeeping } from '../../demo/state/keeping.js';
import type { Finding, KeptRun, Play } from '../../demo/state/session.js';
import { configFromSettings, defaultsFor } from '../../demo/state/settings.js';
import type { ImageSource } from '../../src/index.js';

const SETTINGS = defaultsFor('software');
const NO_IMAGES = {
  count: 0,
  rows: 1,
  columns: 1,
  pixels: new Uint8Array(),
  labels: new Uint8Array(),
};
const SOURCE: ImageSource = { name: 'none', train: NO_IMAGES, test: NO_IMAGES };

/** Keeps in a map, each change taking a while, and counts those that write. */
function slowKeeper(kept = new Map<string, unknown>(), room = Number.POSITIVE_INFINITY) {
  const later = () => new Promise((done) => setTimeout(done, 1));
  let writes = 0;
  const keeper: Keeper = {
    keeps: () => true,
    get: async (name) => kept.get(name),
    put: async () => {
      throw new Error('What goes together is written at once.');
    },
    update: async (name, changesBy) => {
      await later();
      if (writes === room) return;
      const { remove = [], put = {} } = changesBy(kept.get(name));
      for (const own of remove) kept.delete(own);
      for (const [own, value] of Object.entries(put)) kept.set(own, value);
      if (kept.get(name) !== undefined) writes++;
    },
    remove: async (...names) => {
      await later();
      for (const name of names) kept.delete(name);
    },
  };
  return { kept, keeper, writes: () => writes };
}

/** A run whose events the test gives, and what keeps it. */
function keptSession(keeper: Keeper) {
  const [mode, finished] = [signal<Mode>('idle'), signal(0)];
  const play = signal<Play | undefined>();
  let run: KeptRun | undefined;
  const restored: KeptRun[] = [];
  const session = {
    ...{ mode, finished, play },
    kept: () => run,
    restore: (given: KeptRun) => {
      restored.push(given);
      run = given;
      play.value = playOf();
      finished.value = given.findings.length;
      mode.value = 'stopped';
    },
  };
  const source = signal<ImageSource | undefined>(SOURCE);
  const needs = { session, source, take: () => {}, load: async () => {}, set: () => {} };
  return {
    keeping: createKeeping(needs, Promise.resolve(keeper)),
    restored,
    start: () => {
      finished.value = 0;
      run = undefined;
      play.value = playOf();
      mode.value = 'running';
    },
    goOn: () => {
      mode.value = 'running';
    },
    /** A checkpoint has all its stages. */
    finish: (iteration: number) => {
      const event = { type: 'checkpoint', iteration } as Finding;
      const findings = [...(run?.findings ?? []), event];
      run = { settings: SETTINGS, losses: [], beside: [], findings };
      finished.value = findings.length;
    },
  };
}

function partsIn(kept: ReadonlyMap<string, unknown>): readonly string[] {
  return [...kept.keys()].filter((name) => name.startsWith('part '));
}

function playOf(): Play {
  const examples = { indices: new Uint32Array() } as Play['examples'];
  return { settings: SETTINGS, config: configFromSettings(SETTINGS), source: SOURCE, examples };
}

test('a run is kept at each of its checkpoints, and each finding is written once', async () => {
  const { kept, keeper, writes } = slowKeeper();
  const first = keptSession(keeper);
  first.start();
  for (const iteration of [0, 75, 150]) first.finish(iteration);
  await expect.poll(writes).toBe(3);
  const parts = partsIn(kept).map((name) => (kept.get(name) as KeptRun).findings.length);
  expect(parts).toEqual([1, 1, 1]);

  // As after a reload in the middle of it. What comes back is not written again.
  const second = keptSession(keeper);
  expect(await second.keeping.restore(SETTINGS, true)).toBe(true);
  expect(second.restored[0]?.findings).toMatchObject([
    { iteration: 0 },
    { iteration: 75 },
    { iteration: 150 },
  ]);
  second.goOn();
  second.finish(225);
  await expect.poll(() => kept.size).toBe(5);
  expect(writes()).toBe(4);

  // A shorter run leaves nothing of the longer one.
  second.start();
  second.finish(0);
  await expect.poll(() => kept.size).toBe(2);
  expect(await keptSession(keeper).keeping.restore(SETTINGS, true)).toBe(true);
});

test('a run that was reset does not come back by a write that took longer', async () => {
  const { kept, keeper, writes } = slowKeeper();
  const { keeping, start, finish } = keptSession(keeper);
  start();
  finish(0);
  finish(75);
  await keeping.forget();
  expect([writes(), kept.size]).toEqual([2, 0]);
  expect(await keptSession(keeper).keeping.restore(SETTINGS, true)).toBe(false);
});

test('a run that lacks a part stays away', async () => {
  const { kept, keeper } = slowKeeper();
  const { start, finish, keeping } = keptSession(keeper);
  start();
  finish(0);
  await expect.poll(() => kept.size).toBe(2);
  for (const name of partsIn(kept)) kept.delete(name);
  expect(await keptSession(keeper).keeping.restore(SETTINGS, true)).toBe(false);
  expect(await keeping.restore(SETTINGS, true)).toBe(false);
});

test('of two tabs the one that pressed Play last is kept, whole, whatever the other does', async () => {
  const { kept, keeper, writes } = slowKeeper();
  const [one, other] = [keptSession(keeper), keptSession(keeper)];
  one.start();
  for (const iteration of [0, 75, 150]) one.finish(iteration);
  await expect.poll(writes).toBe(3);
  other.start();
  other.finish(0);
  await expect.poll(() => kept.size).toBe(2);
  one.finish(225);
  await one.keeping.forget();
  other.finish(75);
  await expect.poll(() => kept.size).toBe(3);

  // One goes on, and the other stays where it came back.
  const [second, third] = [keptSession(keeper), keptSession(keeper)];
  for (const { keeping } of [second, third]) {
    expect(await keeping.restore(SETTINGS, true)).toBe(true);
  }
  for (const tab of [second, third]) {
    tab.goOn();
    tab.finish(150);
    tab.finish(225);
  }
  await expect.poll(() => kept.size).toBe(5);
  const last = keptSession(keeper);
  expect(await last.keeping.restore(SETTINGS, true)).toBe(true);
  expect(
    last.restored[0]?.findings.map((event) => 'iteration' in event && event.iteration),
  ).toEqual([0, 75, 150, 225]);
});

test('where the browser has no more room, the run comes back as of the last checkpoint it kept', async () => {
  const { keeper, writes } = slowKeeper(new Map(), 2);
  const { start, finish } = keptSession(keeper);
  start();
  for (const iteration of [0, 75, 150, 225]) finish(iteration);
  await expect.poll(writes).toBe(2);
  const second = keptSession(keeper);
  expect(await second.keeping.restore(SETTINGS, true)).toBe(true);
  expect(second.restored[0]?.findings).toHaveLength(2);
});

test('where the browser has no more room, the comparison that it kept stays', async () => {
  const keeping = createCompareKeeping(Promise.resolve(slowKeeper(new Map(), 1).keeper));
  const found = (seed: number) => ({ seed }) as unknown as KeptComparison;
  await keeping.put(found(1), SOURCE);
  await keeping.put(found(2), SOURCE);
  expect(await keeping.get()).toMatchObject(found(1));
});
