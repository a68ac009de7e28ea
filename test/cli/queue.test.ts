import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { progressCells, requireJob } from '../../src/cli/queue.js';
import { listTrials } from '../../src/study/grid.js';
import { parseStudyConfig } from '../../src/study/study-config.js';
import type { Outcome } from './espalier.js';
import { espalier, readFigures, studyFlags, writeData } from './study-fixture.js';

const found = spawnSync('redis-server', ['--version']).status === 0;
const required = process.env.ESPALIER_REQUIRE_REDIS !== undefined;
if (!found && required) throw new Error('redis-server is required here, but not installed.');

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-queue-'));
  data = await writeData(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!found)('a study on a queue (skipped where redis-server is not installed)', () => {
  let redis: ChildProcess;
  let port: number;

  const start = async () => {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    redis = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const piece of redis.stdout!) {
      if (String(piece).includes('Ready to accept connections')) break;
    }
  };
  const stop = async () => {
    const ended = once(redis, 'exit');
    redis.kill('SIGKILL');
    await ended;
  };
  beforeAll(async () => {
    port = await freePort();
    await start();
  });
  afterAll(stop);

  const address = () => `redis://127.0.0.1:${port}`;
  /** A worker that is killed when its stderr matches. */
  const worker = (when: RegExp, signal: NodeJS.Signals) =>
    espalier(['worker', '--queue', address(), '--adapter', 'software'], {
      when,
      act: (child) => child.kill(signal),
    });
  const study = (out: string, changes: Readonly<Record<string, string>> = {}) =>
    espalier(['study', ...studyFlags(data, changes), '--out', out, '--queue', address(), '--json']);

  test('gives the figures of one in process, though a worker is killed in its job', async () => {
    const alone = join(folder, 'alone');
    expect(await espalier(['study', ...studyFlags(data), '--out', alone])).toMatchObject({
      code: 0,
    });

    const shared = join(folder, 'shared');
    const gathering = study(shared);
    // Killed a little into its first job, with some of its cells done.
    const killed = espalier(['worker', '--queue', address(), '--adapter', 'software'], {
      when: /: started/,
      act: (child) => setTimeout(() => child.kill('SIGKILL'), 300),
    });
    const children: ChildProcess[] = [];
    // Only then: on its own it might have done every job before the other came.
    const steady = killed.then(() =>
      espalier(['worker', '--queue', address(), '--adapter', 'software'], {
        when: /Waiting/,
        act: (child) => children.push(child),
      }),
    );
    const gathered = await gathering;
    expect(gathered).toMatchObject({ code: 0 });
    expect(JSON.parse(gathered.stdout)).toMatchObject({ cells: 24, host: 'queue' });
    expect((await killed).signal).toBe('SIGKILL');
    children[0]?.kill('SIGINT');
    expect(await steady).toMatchObject({ code: 130 });

    expect(await readFigures(shared)).toEqual(await readFigures(alone));
    const lines = (await readFile(join(shared, 'cells.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(24);
  });

  test('a worker with other images under the same name is told so, before it does a cell', async () => {
    const out = join(folder, 'mistaken');
    const changes = { trials: '1', sizes: '40' };
    const args = ['study', ...studyFlags(data, changes), '--out', out, '--queue', address()];
    const images = join(data, 'train-images-idx3-ubyte');
    const bytes = readFileSync(images);
    let mistaken: Promise<Outcome> | undefined;
    const refused = await espalier(args, {
      when: /start some/,
      act: () => {
        writeFileSync(
          images,
          bytes.map((byte, at) => (at < 16 ? byte : 255 - byte)),
        );
        mistaken = worker(/other images/, 'SIGINT');
      },
    });
    writeFileSync(images, bytes);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/failed on a worker: The study is of other images/);
    expect(await mistaken).toMatchObject({ code: 130 });
    await expect(readFile(join(out, 'cells.jsonl'))).rejects.toThrow('ENOENT');
  });

  test('is gathered after who handed it out was killed, and says why a trial failed', async () => {
    const out = join(folder, 'left');
    const changes = { trials: '1', sizes: '40' };
    const args = ['study', ...studyFlags(data, changes), '--out', out, '--queue', address()];
    const left = await espalier(args, {
      when: /start some/,
      act: (child) => child.kill('SIGKILL'),
    });
    expect(left.signal).toBe('SIGKILL');
    const busy = worker(/: done\./, 'SIGINT');
    expect(await busy).toMatchObject({ code: 130 });
    // Flags that change no figure find the same jobs; no worker would do others.
    const unlike = { ...changes, host: 'chrome', adapter: 'auto', tuning: 'fixed' };
    expect(JSON.parse((await study(out, unlike)).stdout)).toMatchObject({ cells: 4 });

    const failing = study(join(folder, 'diverged'), { ...changes, 'learning-rate': '1e30' });
    const witness = worker(/diverged/, 'SIGINT');
    const failed = await failing;
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(
      /The trial m40-r0-\S+ failed on a worker: Training diverged.* Try --learning-rate /,
    );
    await witness;
  });

  test('a worker that did not find the data of one trial finds it for the next', async () => {
    const out = join(folder, 'late');
    // Whichever of them failed, one more command does them all.
    const changes = { trials: '2', sizes: '40' };
    const args = ['study', ...studyFlags(data, changes), '--out', out, '--queue', address()];
    let busy: Promise<Outcome> | undefined;
    const failed = await espalier(args, {
      when: /start some/,
      act: () => {
        renameSync(data, `${data}-elsewhere`);
        busy = worker(/: done\.[\s\S]*: done\./, 'SIGINT');
      },
    });
    renameSync(`${data}-elsewhere`, data);
    expect(failed.stderr).toMatch(
      /failed on a worker: \S+ is not a folder or a file that can be read/,
    );
    expect(JSON.parse((await study(out, changes)).stdout)).toMatchObject({ cells: 8 });
    expect(await busy).toMatchObject({ code: 130 });
  });

  test('tells that the server is lost, and goes on when it is back', async () => {
    const out = join(folder, 'lost');
    const changes = { trials: '1', sizes: '40' };
    const args = ['study', ...studyFlags(data, changes), '--out', out, '--queue', address()];
    const lost = espalier(args, { when: /start some/, act: () => redis.kill('SIGKILL') });
    expect(await lost).toMatchObject({ code: 1, stdout: '' });
    expect((await lost).stderr).toMatch(
      /Redis at 127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED.*\), after \d+ tries/,
    );
    await start();
    const gathering = study(out, changes);
    const busy = worker(/: done\./, 'SIGINT');
    expect(JSON.parse((await gathering).stdout)).toMatchObject({ cells: 4 });
    await busy;
  });
});

test('an address that is none of Redis is refused', async () => {
  const unescaped = ['redis://secret#x@localhost', 'redis://user:12/34@localhost'];
  for (const address of ['localhost', 'http://localhost:6379', 'redis://', ...unescaped]) {
    const refused = await espalier(['worker', '--queue', address]);
    expect(refused.stderr).toContain('--queue must be the address of a Redis server');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).not.toMatch(/secret|12|34/);
  }
});

/** A server that answers everything as this one does, over and over. */
async function answering(reply: string): Promise<{ port: number; close: () => void }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(reply));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return { port, close: () => server.close() };
}

test.each([
  ['a wrong password', ':s3cret@', '-WRONGPASS invalid username-password pair\r\n'],
  ['a password for a server without', ':s3cret@', '-ERR AUTH called without any password\r\n'],
  ['no password', '', '-NOAUTH Authentication required.\r\n'],
  ['a user that may not', 's3cret:s3cret@', '+OK\r\n-NOPERM \u001b[31m\r\n'],
])('%s is told at once, without the password or a stack', async (_, login, reply) => {
  const { port, close } = await answering(reply);
  const outcome = await espalier(['worker', '--queue', `redis://${login}127.0.0.1:${port}`]);
  close();
  expect(outcome.stderr).toMatch(
    /^error: Redis at 127\.0\.0\.1:\d+ refuses to work for us: ".*\n$/,
  );
  expect(outcome.stderr).not.toMatch(/s3cret|\p{Cc}\[/u);
  expect(outcome).toMatchObject({ code: 2, stdout: '' });
});

describe('what lies in a queue is trusted no further than it is a trial', () => {
  const config = parseStudyConfig({ sizes: [40], trials: 1, width: 24, picks: 12 });
  const [trial] = listTrials(config);
  const cell = {
    ...trial!,
    iteration: 50,
    picks: 12,
    method: 'greedy',
    rule: 'average',
    denseLoss: 0.5,
    subnetworkLoss: 0.6,
    denseTestLoss: 0.5,
    subnetworkTestLoss: 0.6,
    denseTestAccuracy: 0.5,
    subnetworkTestAccuracy: 0.4,
    distinct: 12,
    passes: 12,
    seconds: 1,
    adapter: 'some',
  };

  test('the cells of a job', () => {
    expect(progressCells(0, config, trial!)).toEqual([]);
    expect(progressCells({ cells: [cell] }, config, trial!)).toEqual([cell]);
    for (const [cells, why] of [
      [[{ a: 1 }], /^What the queue holds of the trial m40-.* \(examples: /],
      [[{ ...cell, trial: 1 }], /cell "24\/1\/.*" is of something else/],
      [[{ ...cell, iteration: 51 }], /is of something else/],
      [[{ ...cell, picks: 13 }], /is of something else/],
      [[{ ...cell, rule: '\u001b[31m' }], /greedy\/\\u001b\[31m/],
      [[{ ...cell, denseTestAccuracy: 1.8 }], /denseTestAccuracy/],
      [[{ ...cell, denseLoss: null }], /denseLoss/],
      [[{ ...cell, seconds: -5 }], /seconds/],
      [[{ ...cell, distinct: 1e15 }], /distinct/],
      ['cells', /no list of cells/],
    ] as const) {
      const read = () => progressCells({ cells }, config, trial!);
      expect(read).toThrow(
        expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(why) }),
      );
    }
    expect(() => progressCells('done', config, trial!)).toThrow(/no list of cells/);
  });

  test('a job', () => {
    const job = { version: '1', config, trial, known: [cell], crc32: '0badcafe' };
    expect(requireJob(job, '1')).toEqual(job);
    for (const [data, why] of [
      [null, /no record/],
      [{ ...job, trial: { ...trial, width: 1e9 } }, /its study has no trial m40-r0-n1000000000/],
      [{ ...job, trial: undefined }, /trial/],
      [{ ...job, known: [{}] }, /examples/],
      [{ ...job, config: { ...config, width: 'wide' } }, /width must be/],
      [{ ...job, config: null }, /configuration must be one object/],
      [{ ...job, version: '\u001b[2J' }, /comes from espalier "\\u001b/],
    ] as const) {
      expect(() => requireJob(data, '1')).toThrow(
        expect.objectContaining({ name: 'EspalierError', message: expect.stringMatching(why) }),
      );
    }
  });
});

test('a server that is not there is told in one line', async () => {
  const address = `redis://127.0.0.1:${await freePort()}`;
  const study = ['study', ...studyFlags(data), '--out', join(folder, 'nowhere')];
  for (const command of [['worker'], study]) {
    const unreached = await espalier([...command, '--queue', address]);
    expect(unreached.stderr).toMatch(
      /^error: Redis at 127\.0\.0\.1:\d+ cannot be reached \(.*ECONNREFUSED.*\), after 4 tries.*\n$/,
    );
    expect(unreached).toMatchObject({ code: 1, stdout: '' });
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
