import { signal } from '@preact/signals';
import { expect, test } from 'vitest';
import { createDrive, type Turn } from '../../demo/state/drive.js';

/** A drive whose generator waits for `open` before it is made, and counts to three. */
function counting(view: 'play' | 'study', turn = signal<Turn | undefined>()) {
  const told: string[] = [];
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const drive = createDrive<number, string>(view, turn, {
    heard: (event) => told.push(`${event}`),
    done: (result) => told.push(result),
  });
  const start = (name: string) =>
    drive.start(async () => {
      told.push(`make ${name}`);
      await opened;
      return count(name);
    });
  async function* count(name: string) {
    try {
      yield* [1, 2, 3];
      return `${name} done`;
    } finally {
      told.push(`${name} freed`);
    }
  }
  return { drive, turn, told, open, start };
}

test('takes the turn at once, so that neither it nor another starts while one is made', async () => {
  const { drive, turn, told, open, start } = counting('play');
  const other = counting('study', turn);
  start('a');
  start('b');
  other.start('c');
  other.drive.resume();
  expect([drive.mode.value, other.drive.mode.value]).toEqual(['running', 'idle']);
  expect(turn.value?.view).toBe('play');
  open();
  await expect.poll(() => drive.mode.value).toBe('done');
  expect(told).toEqual(['make a', '1', '2', '3', 'a freed', 'a done']);
  expect([turn.value, other.told]).toEqual([undefined, []]);
});

test('can be paused and given up while it is made, and tells why it could not be', async () => {
  const { drive, turn, told, open, start } = counting('play');
  start('a');
  drive.pause();
  open();
  await expect.poll(() => drive.mode.value).toBe('stopped');
  expect([turn.value, told]).toEqual([undefined, ['make a']]);
  start('b');
  await drive.halt();
  expect([drive.mode.value, turn.value]).toEqual(['idle', undefined]);
  drive.start(async () => {
    throw new Error('no adapter');
  });
  await expect.poll(() => drive.mode.value).toBe('stopped');
  expect(drive.error.value).toEqual(new Error('no adapter'));
  start('c');
  await expect.poll(() => drive.mode.value).toBe('done');
  expect(told.slice(-2)).toEqual(['c freed', 'c done']);
});
