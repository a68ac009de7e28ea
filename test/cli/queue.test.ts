import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLine, progressCells, requireJob } from '../../src/cli/queue.js';
import { redisPlace } from '../../src/cli/redis-server.js';
import { MODEL_TRIALS, TWO_LAYER_TRIALS } from '../../src/cli/trial-kinds.js';
import { listTrials, trialName } from '../../src/study/grid.js';
import { parseModelStudyConfig } from '../../src/study/model/config.js';
import { listModelTrials } from '../../src/study/model/grid.js';
import { parseStudyConfig } from '../../src/study/study-config.js';
import { modelCells } from '../study/model-cells.js';
import type { Outcome } from './espalier.js';
import { espalier, readFigures, studyFlags, writeData } from './study-fixture.js';
import { writeTinyPictures } from './tiny-model.js';

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
    const [alone, shared] = [join(folder, 'alone'), join(folder, 'shared')];
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
    expect((await killed).signal).toBe('SIGKILL');
    // While the dead worker's lock runs out.
    expect(await espalier(['study', ...studyFlags(data), '--out', alone])).toMatchObject({
      code: 0,
    });
    const gathered = await gathering;
    expect(gathered).toMatchObject({ code: 0 });
    expect(JSON.parse(gathered.stdout)).toMatchObject({ cells: 24, host: 'queue' });
    children[0]?.kill('SIGINT');
    expect(await steady).toMatchObject({ code: 130 });

    expect(await readFigures(shared)).toEqual(await readFigures(alone));
    const lines = (await readFile(join(shared, 'cells.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(24);
  });

  test('of a deep network gives the same, and its networks stay with the workers', async () => {
    const deep = join(folder, 'deep');
    await mkdir(deep);
    await writeTinyPictures(deep);
    const flags = [
      ...['study', '--architecture', 'resnet8', '--data', join(deep, 'data'), '--sizes', '10'],
      ...['--trials', '1', '--iterations', '2', '--checkpoints', '1,2', '--batch', '10'],
      ...['--criteria', 'l1', '--calibration', '4', '--fine-tune', '0', '--widths', '0.25'],
      ...['--adapter', 'software'],
    ];
    const [alone, shared] = [join(deep, 'alone'), join(deep, 'shared')];
    const networks = join(deep, 'networks');
    const taking = ['worker', '--queue', address(), '--adapter', 'software'];
    const gathering = espalier([...flags, '--out', shared, '--queue', address()]);
    const killed = espalier([...taking, '--networks', networks], {
      when: /m10-r0: started/,
      act: async (child) => {
        while (!(await networksIn(networks)).includes('dense-1.safetensors')) await sleep(20);
        child.kill('SIGKILL');
      },
    });
    expect((await killed).signal).toBe('SIGKILL');
    // As if the first worker lived and went on, though the queue had not heard of it for long.
    const [study = ''] = await readdir(networks);
    const [trial = ''] = await readdir(join(networks, study));
    const lock = join(networks, study, trial, 'folder.lock');
    const alive = { pid: process.pid, host: hostname() };
    writeFileSync(lock, JSON.stringify(alive));
    const children: ChildProcess[] = [];
    const steady = espalier([...taking, '--networks', networks], {
      when: /m10-r0: put back/,
      act: (child) => {
        children.push(child);
        rmSync(lock);
      },
    });
    expect(await espalier([...flags, '--out', alone])).toMatchObject({ code: 0 });
    expect(await gathering).toMatchObject({ code: 0 });
    children[0]?.kill('SIGINT');
    const { stderr } = await steady;
    expect(stderr).toMatch(/m10-r0: \S+ is in use .* or name another --networks/);
    expect(stderr).toMatch(/The networks of \S+-m10-r0 stay in .*m10-r0-[0-9a-f]{8}\./);
    expect(await readFigures(shared)).toEqual(await readFigures(alone));
    expect((await networksIn(networks)).toSorted()).toEqual(
      ['dense-1', 'dense-2', 'pruned-1-l1', 'pruned-2-l1'].map((name) => `${name}.safetensors`),
    );
    expect(await readdir(join(networks, study, trial))).not.toContain('folder.lock');
    expect(await networksIn(shared)).toEqual([]);
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
    expect(() => redisPlace(address)).toThrow(
      expect.objectContaining({
        code: 'bad-config',
        message: expect.not.stringMatching(/secret|12|34/),
      }),
    );
  }
  const refused = await espalier(['worker', '--queue', 'localhost']);
  expect(refused.stderr).toContain('--queue must be the address of a Redis server');
  expect(refused).toMatchObject({ code: 2 });
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
  ['a password for a server without', ':s3cret@', '-ERR AUTH called without any password\r\n'],
  ['no password', '', '-NOAUTH Authentication required.\r\n'],
  ['a user that may not', 's3cret:s3cret@', '+OK\r\n-NOPERM \u001b[31m\r\n'],
])('%s is told at once, without the password', async (_, login, reply) => {
  const { port, close } = await answering(reply);
  const refusal = await openLine(`redis://${login}127.0.0.1:${port}`).catch((error) => error);
  close();
  expect(refusal).toMatchObject({
    code: 'bad-config',
    message: expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ refuses to work for us: ".*$/),
  });
  expect(refusal.message).not.toMatch(/s3cret|\p{Cc}\[/u);
});

test('a wrong password is told at once, without it or a stack', async () => {
  const reply = '-WRONGPASS invalid username-password pair\r\n';
  const { port, close } = await answering(reply);
  const outcome = await espalier(['worker', '--queue', `redis://:s3cret@127.0.0.1:${port}`]);
  close();
  expect(outcome.stderr).toMatch(
    /^error: Redis at 127\.0\.0\.1:\d+ refuses to work for us: ".*\n$/,
  );
  expect(outcome.stderr).not.toContain('s3cret');
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

  const own = { config, trial: trial! };

  test('the cells of a job', () => {
    const read = (progress: unknown) => progressCells(TWO_LAYER_TRIALS, own, progress);
    expect(read(0)).toEqual([]);
    expect(read({ cells: [cell] })).toEqual([cell]);
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
      expect(() => read({ cells })).toThrow(
        expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(why) }),
      );
    }
    expect(() => read('done')).toThrow(/no list of cells/);
  });

  test('the cells of a job of a deep network', () => {
    const config = parseModelStudyConfig({ architecture: 'resnet8', sizes: [250], batch: 8 });
    const [trial, other] = listModelTrials(config);
    const [cell] = modelCells(config);
    const read = (...cells: object[]) =>
      progressCells(MODEL_TRIALS, { config, trial: trial! }, { cells });
    expect(read(cell!)).toEqual([cell]);
    for (const [changes, why] of [
      [other!, /of the trial \S+-m250-r0 is .*its cell "\S+\/250\/1\/0" is of something else/],
      [{ iteration: 1 }, /is of something else/],
      [{ criterion: 'l1' }, /is of something else/],
      [{ kept: '../../x' }, /kept/],
      [{ multiplyAdds: 3 }, /multiplyAdds/],
    ] as const) {
      expect(() => read({ ...cell, ...changes })).toThrow(
        expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(why) }),
      );
    }
  });

  test('a job', () => {
    const name = trialName(trial!);
    const plain = { version: '1', study: 'two-layer', config, trial: name, crc32: '0badcafe' };
    const job = { ...plain, known: [cell] };
    const read = (data: unknown) => requireJob(TWO_LAYER_TRIALS, data, '1');
    expect(read(job)).toEqual({ ...own, known: [cell], crc32: '0badcafe' });
    for (const [data, why] of [
      [null, /no record/],
      [{ ...job, trial: 'm40-r0-n1000000000' }, /its study has no trial "m40-r0-n1000000000"/],
      [{ ...job, trial: undefined }, /trial/],
      [{ ...job, study: '\u001b[2J' }, /it is of "\\u001b/],
      [{ ...job, known: [{}] }, /examples/],
      [{ ...job, known: [{ ...cell, picks: 13 }] }, /is of something else/],
      [{ ...job, crc32: '../../x' }, /crc32/],
      [{ ...job, config: { ...config, width: 'wide' } }, /width must be/],
      [{ ...job, config: null }, /configuration must be one object/],
      [{ ...job, version: '\u001b[2J' }, /comes from espalier "\\u001b/],
    ] as const) {
      expect(() => read(data)).toThrow(
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

/** Files of networks anywhere in a folder, by their names alone. */
async function networksIn(folder: string): Promise<readonly string[]> {
  const paths = await readdir(folder, { recursive: true }).catch(() => []);
  return paths.map((path) => basename(path)).filter((name) => name.endsWith('.safetensors'));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
