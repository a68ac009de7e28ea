import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BENCH_NAMES, needsSource, requestedContests } from '../../bench/bench.js';
import { shapeLabel } from '../../bench/benchmark.js';

function described(request: Partial<Parameters<typeof requestedContests>[0]>): string[] {
  return requestedContests({ names: [], quick: false, ...request }).map(
    ({ benchmark, case: each, variants = ['its own'], forms }) => {
      const both = forms.length > 1 ? ' +' : forms.includes('plain') ? ' plain' : '';
      return `${benchmark.name} ${shapeLabel(each.shape)} ${variants.join(' ')}${both}`;
    },
  );
}

test('every kernel has a benchmark, and it goes by the name of its file', async () => {
  // That every shader has one, the layers' test holds; some launchers share a shader.
  const files = await readdir(join(import.meta.dirname, '../../bench/kernels'));
  expect([...BENCH_NAMES.kernels].sort()).toEqual(files.map((file) => parse(file).name).sort());
});

describe('a request', () => {
  test('without names is two tasks and every kernel, one shape each', () => {
    const all = described({});
    expect(all).toHaveLength(2 + BENCH_NAMES.kernels.length);
    expect(all.slice(0, 3)).toEqual([
      'sgd-step n=1024,batch=128,d=785 its own',
      'selection n=1024,m=4096,k=200 its own',
      'matmul m=128,n=1024,k=785 its own',
    ]);
  });

  test.each([
    [{ names: ['pick'], quick: true }, ['pick n=1024,p=4 its own']],
    [
      { names: ['pick'], shape: { p: 16 } },
      ['pick n=1024,p=16 default +', 'pick n=10000,p=16 default +'],
    ],
    [
      { names: ['gram-rows'], shape: { p: 1, n: 1024 } },
      ['gram-rows m=4096,n=1024,p=1 coalesced subgroup lanes +'],
    ],
    [
      { variant: 'lanes' },
      [
        'matmul m=128,n=1024,k=785 lanes',
        ...['', '-data-gradient', '-weight-gradient'].map(
          (kind) => `convolution${kind} images=32,size=32,channels=16,outputs=16 lanes`,
        ),
        'gram-rows m=4096,n=1024,p=4 lanes',
      ],
    ],
    // A form of the peers stands beside the library's own choice, where there are peers.
    [
      { names: ['selection', 'pick'], variant: 'plain', shape: { k: 100 } },
      ['selection n=256,m=1000,k=100 its own plain'],
    ],
  ])('%j', (request, expected) => {
    expect(described(request)).toEqual(expected);
  });

  test.each([
    [{ names: ['peck'] }, /no benchmark "peck".*sgd-step.*pick/],
    [{ names: ['pick'], variant: 'lanes' }, /no variant "lanes".*default \(pick\)/],
    [{ names: ['pick'], variant: 'plain' }, /no variant "plain"/],
    [
      { variant: 'fastest', subjects: ['espalier'] as const },
      /no variant "fastest".*fastest or plain \(peers\)/,
    ],
    [{ names: ['pick'], shape: { n: 7 } }, /no shape "n=7".*pick n=1024,p=4, pick n=1024,p=16/],
  ])('%j is refused with what there is', (request, message) => {
    expect(() => described(request)).toThrow(
      expect.objectContaining({ code: 'bad-config', message: expect.stringMatching(message) }),
    );
  });

  test('asks for images only when a task needs them', () => {
    expect(needsSource({ names: ['matmul'], quick: false })).toBe(false);
    expect(needsSource({ names: ['matmul', 'hidden'], quick: false })).toBe(true);
  });
});
