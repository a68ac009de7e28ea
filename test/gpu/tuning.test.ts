import { afterAll, beforeAll, expect, test } from 'vitest';
import { MATMUL_VARIANTS, matmulTiles } from '../../shaders/matmul.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import type { Device, Tuning } from '../../src/gpu/device.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import { autotune, type Configuration, sizeClass, type Tunable } from '../../src/gpu/tuning.js';
import { prepareMatmul } from '../../src/kernels/matmul.js';
import { matmulVariant } from '../../src/kernels/variant.js';
import { randomNumbers } from '../kernels/case.js';
import { freshDevice } from './probe.js';

const tuning: Tuning = new Map();
let device: Device;
beforeAll(async () => {
  device = await freshDevice({ tuning });
});
afterAll(() => device?.dispose());

const CONFIGURATIONS: readonly [Configuration, Configuration] = [
  { name: 'many calls' },
  { name: 'few calls' },
];

const tuned = (kernel: string, prepare: Tunable<Configuration>['prepare']) =>
  autotune(device, { kernel, configurations: CONFIGURATIONS, operations: 1, prepare });

/** Encodes products, many or few, so that one form takes several times as long as the other. */
async function prepareProducts(scope: Scope, prepared: string[]) {
  const [a, b, out] = ['a', 'b', 'out'].map((name) => scope.matrix(name, [256, 256]));
  if (!a || !b || !out) throw new Error('no matrices');
  const [, tile] = matmulTiles(matmulVariant(device), false);
  const run = await prepareMatmul(device, { a, b, out, tile });
  return async ({ name }: { readonly name: string }) => {
    prepared.push(name);
    return (commands: Commands) => {
      for (let call = 0; call < (name === 'many calls' ? 20 : 1); call++) run(commands);
    };
  };
}

test('the faster configuration is found once, whoever asks at once, and kept by adapter', async () => {
  using scope = new Scope(device);
  const prepared: string[] = [];
  const prepare = await prepareProducts(scope, prepared);
  const asked = await Promise.all([1, 2, 3].map(() => tuned('calls', prepare)));
  expect(asked.map(({ name }) => name)).toEqual(Array(3).fill('few calls'));
  expect(prepared).toEqual(['many calls', 'few calls']);
  expect(tuning.get(`${device.adapter.name}: calls`)).toBe('few calls');
  tuning.set(`${device.adapter.name}: calls`, 'many calls');
  expect((await tuned('calls', prepare)).name).toBe('many calls');
  tuning.set(`${device.adapter.name}: calls`, 'a form of an older version');
  expect((await tuned('calls', prepare)).name).toBe('few calls');
});

test('a failure to prepare is told, and does not stand in the way of the next', async () => {
  using scope = new Scope(device);
  const fail = () => Promise.reject(new Error('does not compile'));
  await expect(tuned('broken', fail)).rejects.toThrow('compile');
  const prepare = await prepareProducts(scope, []);
  expect((await tuned('broken', prepare)).name).toBe('few calls');
});

test('a job that is to end measures nothing more, and the next one does', async () => {
  using scope = new Scope(device);
  const prepared: string[] = [];
  const prepare = await prepareProducts(scope, prepared);
  const stop = new AbortController();
  const ended = device.during(stop.signal, () =>
    tuned('ending', async (configuration) => {
      stop.abort();
      return prepare(configuration);
    }),
  );
  expect((await ended).name).toBe('many calls');
  expect(prepared).toEqual(['many calls']);
  expect(tuning.has(`${device.adapter.name}: ending`)).toBe(false);
  expect((await tuned('ending', prepare)).name).toBe('few calls');
});

test('classes of size are powers of two', () => {
  expect([0, 1, 2, 3, 4, 785, 1024, 1025].map(sizeClass)).toEqual([
    1, 1, 2, 4, 4, 1024, 1024, 2048,
  ]);
});

test.each([1, 3])(
  'in %i slices, a choice of tile changes no bit, so that measuring may make it',
  async (slices) => {
    using scope = new Scope(device);
    const [m, n, k] = [37, 131, 203];
    const a = scope.matrix('a', [m, k], { data: randomNumbers(m * k, 1) });
    const b = scope.matrix('b', [k, n], { data: randomNumbers(k * n, 2) });
    for (const variant of MATMUL_VARIANTS) {
      if (variant === 'subgroup' && matmulVariant(device) !== variant) continue;
      const answers = [];
      for (const tile of matmulTiles(variant, false)) {
        const out = scope.matrix('out', [slices * m, n]);
        const commands = new Commands(device);
        (await prepareMatmul(device, { a, b, out, slices, variant, tile }))(commands);
        await commands.finish();
        answers.push(await readMatrix(out));
      }
      for (const answer of answers) expect(answer).toEqual(answers[0]);
    }
  },
);
