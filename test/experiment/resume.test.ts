import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageSource } from '../../src/data/folder.js';
import { drawExamples } from '../../src/experiment/examples.js';
import { newestWeights, stateOfFiles } from '../../src/experiment/resume.js';
import { run } from '../../src/experiment/run.js';
import { parseRunConfig } from '../../src/experiment/run-config.js';
import type { RunEvent, RunInput } from '../../src/experiment/run-events.js';
import { datasetFile, eventFile } from '../../src/experiment/run-files.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import type { Device } from '../../src/gpu/device.js';
import { requireNothingLeft, sharedDevice } from '../gpu/probe.js';
import { writeSource } from './source.js';

let root: string;
let data: string;
let device: Device;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-resume-'));
  data = await writeSource(join(root, 'data'), { rows: 3, columns: 5, train: 90, test: 20 });
  device = await sharedDevice();
});
afterAll(async () => {
  await requireNothingLeft();
  await rm(root, { recursive: true });
});

const SHAPE = { examples: 70, width: 13, batch: 16, iterations: 21, pruneEvery: 8 };
const PRUNED = { picks: 9, fineTune: 6 };

async function runInput(flags: object): Promise<RunInput> {
  const config = parseRunConfig({ data, ...SHAPE, ...PRUNED, ...flags });
  const source = await readImageSource(data);
  return { config, examples: drawExamples(source, config.examples, config.seed) };
}

type Checkpoint = Extract<RunEvent, { type: 'checkpoint' }>;

/** What a run yields, less progress and the time that it took. */
async function runEvents(input: RunInput) {
  const events: Exclude<RunEvent, { type: 'progress' | 'interrupted' }>[] = [];
  for await (const event of run(device, input)) {
    if (event.type === 'progress' || event.type === 'interrupted') continue;
    events.push(
      'figures' in event ? { ...event, figures: { ...event.figures, seconds: 0 } } : event,
    );
  }
  return events;
}

const from = (iteration: number) => (event: RunEvent) =>
  event.type !== 'started' && event.type !== 'progress' && event.iteration >= iteration;

describe('a run goes on from any checkpoint, to the same bits', () => {
  test.each([
    ['batches', {}],
    ['batches with momentum', { momentum: 0.9, task: 'digits', learningRate: 0.2 }],
    ['descent with momentum', { batch: 'full', momentum: 0.5, activation: 'relu' }],
    ['trained from scratch', { method: 'scratch' }],
  ])('%s', async (_, flags) => {
    const input = await runInput(flags);
    const whole = await runEvents(input);
    const checkpoints = whole.filter((event): event is Checkpoint => event.type === 'checkpoint');
    expect(checkpoints.map(({ iteration }) => iteration)).toEqual([0, 8, 16, 21]);
    for (const checkpoint of checkpoints) {
      const { iteration } = checkpoint;
      const rest = await runEvents({ ...input, from: checkpoint });
      expect(rest[0]).toMatchObject({ type: 'started', iteration });
      expect(rest.slice(1), `from ${iteration}`).toEqual(whole.filter(from(iteration)));
    }
    expect(device.liveBytes).toBe(0);
  });

  test('also from where it was interrupted, which loses no step and is not measured', async () => {
    const input = await runInput({ iterations: 60, pruneEvery: 0 });
    const aborter = new AbortController();
    const events: RunEvent[] = [];
    const interrupted = async () => {
      for await (const event of run(device, input, aborter.signal)) {
        events.push(event);
        if (event.type === 'progress' && event.done === 25) aborter.abort();
      }
    };
    await expect(interrupted()).rejects.toMatchObject({ code: 'aborted' });
    const left = events.at(-1);
    if (left?.type !== 'interrupted') throw new Error('It does not say where it stood.');
    expect(left).toMatchObject({ iteration: 25, figures: { seconds: expect.any(Number) } });
    expect(eventFile(left)?.name).toBe('weights-25.safetensors');
    const rest = await runEvents({ ...input, from: left });
    expect(rest.slice(1)).toEqual((await runEvents(input)).filter(from(60)));
    expect(device.liveBytes).toBe(0);
  });

  test('the time of pre-training counts on', async () => {
    const input = await runInput({});
    const [checkpoint] = (await runEvents(input)).filter(({ type }) => type === 'checkpoint');
    const later = { ...(checkpoint as Checkpoint), figures: { seconds: 1000 } };
    for await (const event of run(device, { ...input, from: later })) {
      if (event.type === 'checkpoint') expect(event.figures.seconds).toBeGreaterThanOrEqual(1000);
    }
  });
});

describe('the files of a run', () => {
  const layers = (width: number, inputs: number) => ({
    name: 'weights-16.safetensors',
    bytes: encodeSafetensors({
      'hidden.weight': {
        dtype: 'F32',
        shape: [width, inputs],
        data: new Float32Array(width * inputs),
      },
      'output.weight': { dtype: 'F32', shape: [width, 1], data: new Float32Array(width) },
    }),
  });

  test('hold what it takes to go on, between its checkpoints too', async () => {
    const input = await runInput({});
    const whole = await runEvents(input);
    const files = whole.flatMap((event) => eventFile(event) ?? []);
    expect(newestWeights(files.map(({ name }) => name))).toBe('weights-21.safetensors');
    expect(newestWeights(['weights-9.safetensors', 'weights-10.safetensors', 'x.json'])).toBe(
      'weights-10.safetensors',
    );
    expect(newestWeights(['fine-tuned-9.safetensors'])).toBeUndefined();
    const weights = files.find(({ name }) => name === 'weights-16.safetensors')!;
    const { config, examples } = input;
    const state = stateOfFiles(config, examples, {
      weights,
      dataset: datasetFile(examples),
    });
    const rest = await runEvents({ ...input, from: state });
    expect(rest.slice(1)).toEqual(whole.filter(from(16)));
    // 16 is no checkpoint here, so that it is neither measured nor pruned again.
    const other = await runInput({ pruneEvery: 20 });
    const sparse = await runEvents({ ...other, from: state });
    expect(sparse.filter(from(21))).toEqual(whole.filter(from(21)));
    expect(sparse[0]).toMatchObject({ iteration: 16, checkpoints: [20, 21] });
  });

  const checkpoint = (iteration: number, seconds: number) =>
    JSON.stringify({ type: 'checkpoint', iteration, figures: { seconds } });

  test.each([
    ['the record of the checkpoint', [checkpoint(8, 3), checkpoint(16, 5), checkpoint(21, 6)], 5],
    ['the one before, where a kill took it', [checkpoint(8, 3), checkpoint(16, 5).slice(0, -2)], 3],
    ['nothing, without a record', [], undefined],
  ])('tell the seconds of pre-training by %s', async (_, records, seconds) => {
    const { config, examples } = await runInput({});
    const text = ['{"type":"started"}', ...records].join('\n');
    const events = { name: 'events.jsonl', bytes: new TextEncoder().encode(text) };
    const state = stateOfFiles(config, examples, { weights: layers(13, 16), events });
    expect(state.figures?.seconds).toBe(seconds);
  });

  test('are refused when they are of another run', async () => {
    const input = await runInput({});
    const { config, examples } = input;
    const good = layers(13, 16);
    const state = stateOfFiles(config, examples, { weights: good });
    expect(state).toMatchObject({ iteration: 16, network: { width: 13, inputs: 16, outputs: 1 } });
    const refused = (expected: RegExp, files: () => unknown) => expect(files).toThrow(expected);
    refused(
      /weights-16\.safetensors .*hidden\.weight as F32 \[13, 16\], found F32 \[12, 16\]/,
      () => stateOfFiles(config, examples, { weights: layers(12, 16) }),
    );
    refused(/weights-16\.safetensors .*\[13, 16\], found F32 \[13, 785\]/, () =>
      stateOfFiles(config, examples, { weights: layers(13, 785) }),
    );
    refused(/other\.safetensors does not say how many iterations/, () =>
      stateOfFiles(config, examples, { weights: { ...good, name: 'other.safetensors' } }),
    );
    refused(/weights-16\.safetensors.*the file at 9/, () =>
      stateOfFiles(config, examples, { weights: { ...good, bytes: good.bytes.subarray(0, 9) } }),
    );
    const [checkpoint] = (await runEvents(input)).flatMap((event) => eventFile(event) ?? []);
    const renamed = { ...checkpoint!, name: 'weights-100000000000.safetensors' };
    refused(/^weights-100000000000\.safetensors .*iteration 100000000000: it says "0" itself/, () =>
      stateOfFiles(config, examples, { weights: renamed }),
    );
    refused(/^weights-0\.safetensors was changed or damaged/, () =>
      stateOfFiles(config, examples, {
        weights: { ...checkpoint!, bytes: Uint8Array.from(checkpoint!.bytes).with(-7, 99) },
      }),
    );
    const infinite = Uint8Array.from(good.bytes);
    infinite.set([0, 0, 0x80, 0x7f], infinite.length - 4);
    refused(/^weights-16\.safetensors .*finite numbers in output\.weight, found Infinity/, () =>
      stateOfFiles(config, examples, { weights: { ...good, bytes: infinite } }),
    );
    refused(/momentum is 0\.9/, () =>
      stateOfFiles({ ...config, momentum: 0.9 }, examples, { weights: good }),
    );
    refused(/dataset\.safetensors does not hold the 70 examples/, () =>
      stateOfFiles(config, examples, {
        weights: good,
        dataset: datasetFile({ ...examples, indices: examples.indices.map((i) => i + 1) }),
      }),
    );
    const { train, indices } = examples;
    for (const key of ['pixels', 'labels'] as const) {
      const changed = train[key].slice();
      changed[7]! ^= 1;
      const other = datasetFile({ ...examples, train: { ...train, [key]: changed } });
      refused(/^dataset\.safetensors is of other images or labels than .* holds \(checksum /, () =>
        stateOfFiles(config, examples, { weights: good, dataset: other }),
      );
    }
    const old = encodeSafetensors({ train: { dtype: 'U32', shape: [70], data: indices } });
    const unchecked = { name: 'dataset.safetensors', bytes: old };
    expect(stateOfFiles(config, examples, { weights: good, dataset: unchecked })).toEqual(state);
    const begins = async (config: RunInput['config']) =>
      run(device, { config, examples, from: state }).next();
    await expect(begins({ ...config, iterations: 15 })).rejects.toThrow(
      /^iterations must be 16 or more, not 15: the weights/,
    );
    await expect(begins({ ...config, momentum: 0.5 })).rejects.toThrow(/has no velocity/);
    await expect(begins({ ...config, width: 14 })).rejects.toThrow(/expected width 14, found 13/);
    await expect(begins({ ...config, activation: 'relu' })).rejects.toThrow(/activation/);
    expect(device.liveBytes).toBe(0);
  });
});
