import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { drawExamples } from '../../src/experiment/examples.js';
import { run } from '../../src/experiment/run.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import type { RunEvent, RunInput, RunSummary } from '../../src/experiment/run-events.js';
import type { Device } from '../../src/gpu/device.js';
import { openNodeDevice } from '../../src/hosts/node.js';
import { writeSource } from './source.js';

let root: string;
let device: Device;
let tiny: string;
let large: string;
let flat: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-leaks-'));
  tiny = await writeSource(join(root, 'tiny'), { rows: 3, columns: 5, train: 60, test: 10 });
  large = await writeSource(join(root, 'large'), { rows: 28, columns: 28, train: 600, test: 5 });
  flat = await writeSource(join(root, 'flat'), { rows: 3, columns: 5, train: 200, test: 3000 });
  device = await openNodeDevice();
});
afterAll(async () => {
  device?.dispose();
  await rm(root, { recursive: true });
});

async function runInput(data: string, flags: object): Promise<RunInput> {
  const config = parseRunConfig({ data, ...flags });
  return { config, examples: drawExamples(await readImageSource(data), config.examples, 0) };
}

interface Ending {
  /** Called with each event; may abort, break off by returning true, or throw. */
  readonly onEvent?: (event: RunEvent, seen: number, stop: () => void) => boolean | undefined;
}

async function drive(input: RunInput, { onEvent }: Ending = {}): Promise<RunSummary | undefined> {
  const controller = new AbortController();
  const events = run(device, input, controller.signal);
  for (let seen = 0; ; seen++) {
    const next = await events.next();
    if (next.done) return next.value;
    if (onEvent?.(next.value, seen, () => controller.abort())) {
      await events.return(undefined as never);
      return undefined;
    }
  }
}

const TINY = { examples: 50, width: 8, batch: 10, iterations: 4, picks: 5, fineTune: 2 };

test('a hundred runs, however they end, leave no byte behind', async () => {
  const input = await runInput(tiny, { ...TINY, pruneEvery: 2 });
  const descent = await runInput(tiny, { ...TINY, batch: 'full', momentum: 0.9, task: 'digits' });
  const diverging = await runInput(tiny, { ...TINY, iterations: 40, learningRate: 1e30 });
  const before = device.liveBytes;
  const ends = { done: 0, brokenOff: 0, aborted: 0, diverged: 0 };
  const settle = async (work: Promise<RunSummary | undefined>) => {
    const code = await work.then(
      (summary) => (summary ? 'done' : 'brokenOff'),
      (error: { code: 'aborted' | 'diverged' }) => error.code,
    );
    ends[code]++;
    expect(device.liveBytes).toBe(before);
  };
  for (let round = 0; round < 25; round++) {
    await settle(drive(round % 2 === 0 ? input : descent));
    await settle(drive(diverging));
    // Another event each round, so that every phase is cut short at some time.
    await settle(drive(input, { onEvent: (_event, seen) => seen === round % 15 }));
    await settle(
      drive(input, {
        onEvent: (_event, seen, stop) => {
          if (seen === round % 15) stop();
          return false;
        },
      }),
    );
  }
  expect(ends).toEqual({ done: 25, diverged: 25, brokenOff: 25, aborted: 25 });
});

test('a run that is given up while its subnetwork trains frees what that holds', async () => {
  const flags = { ...TINY, method: 'scratch', iterations: 200 };
  const before = device.liveBytes;
  let pruning = 0;
  await drive(await runInput(tiny, flags), {
    onEvent: (event) =>
      event.type === 'progress' && event.phase === 'prune' && event.done > 0 && ++pruning > 1,
  });
  expect(pruning).toBe(2);
  expect(device.liveBytes).toBe(before);
});

describe('peak memory', () => {
  test.each([
    { batch: 'full' },
    { batch: 128, momentum: 0.9, task: 'digits' },
    { batch: 'full', momentum: 0.9, activation: 'relu', replacement: false },
  ])('of %o is within 1.5 × (data + network + activations)', async (flags) => {
    const input = await runInput(large, {
      examples: 600,
      width: 512,
      iterations: 2,
      picks: 30,
      fineTune: 2,
      ...flags,
    });
    const summary = await drive(input);
    const { data, network, activations, peak } = summary!.memory;
    expect(peak).toBeLessThanOrEqual(1.5 * (data + network + activations));
    // The parts themselves are not padded to make the sum true.
    const outputs = flags.task === 'digits' ? 10 : 1;
    const weights = 4 * 512 * (785 + outputs);
    expect(data).toBeLessThanOrEqual(1.02 * 4 * 605 * (785 + outputs));
    expect(network).toBeLessThanOrEqual(1.02 * weights * (flags.momentum ? 2 : 1));
    expect(activations).toBe(4 * 600 * 512);
    // It was the theory's Gram matrix, too, that had to fit.
    expect('hull' in summary!.theory).toBe(!('replacement' in flags));
  });

  test('does not grow with the test set, where inputs are few', async () => {
    const sizes = { examples: 200, width: 2048, batch: 50, iterations: 1, picks: 9, fineTune: 0 };
    const { memory } = (await drive(await runInput(flat, sizes)))!;
    const { data, network, activations, peak } = memory;
    expect(peak).toBeLessThanOrEqual(1.5 * (data + network + activations));
  });
});

test('a process that runs and disposes of its device ends by itself', async () => {
  const dist = (name: string) => pathToFileURL(join(import.meta.dirname, '../../dist', name)).href;
  const script = `
    import { drawExamples, parseRunConfig, run } from '${dist('index.js')}';
    import { openNodeDevice, readImageSource } from '${dist('node.js')}';
    const config = parseRunConfig(${JSON.stringify({ ...TINY, data: tiny })});
    const examples = drawExamples(await readImageSource(config.data), config.examples, 0);
    const device = await openNodeDevice();
    const events = run(device, { config, examples });
    let types = '';
    for await (const { type } of events) if (type !== 'progress') types += type + ' ';
    device.dispose();
    process.stdout.write(types);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { timeout: 60_000 },
  );
  expect(stdout).toBe(
    'started checkpoint checkpoint subnetwork fine-tuned dense-fine-tuned from-scratch ',
  );
});
