import { renameSync, symlinkSync } from 'node:fs';
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomStream } from '../../src/random.js';
import type { Outcome } from './espalier.js';
import { refused } from './refused.js';
import { espalier, readFigures, studyFlags, writeData } from './study-fixture.js';

const KILLS = 3;

let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-study-'));
  data = await writeData(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const flagsWith = (changes: Readonly<Record<string, string>> = {}) => studyFlags(data, changes);

test('a study killed three times at random moments ends with the figures of one that was not', async () => {
  const whole = join(folder, 'whole');
  const start = performance.now();
  const done = await espalier(['study', ...flagsWith(), '--out', whole]);
  const millis = performance.now() - start;
  expect(done).toMatchObject({ code: 0 });
  const expected = await readFigures(whole);
  expect(expected.rows).toHaveLength(1 + 3 * 2 * 4);
  expect(expected.files).toHaveLength(9);

  const seed = Date.now();
  const stream = randomStream(seed, 'kills');
  let kills = 0;
  let takenOver = 0;
  for (let study = 0; kills < KILLS; study++) {
    const out = join(folder, `killed-${study}`);
    for (let finished = false; !finished; ) {
      const killAfter = kills < KILLS ? { killAfter: millis * stream.uniform() } : {};
      const ended = await espalier(['study', ...flagsWith(), '--out', out], killAfter);
      finished = ended.signal === null;
      if (finished) expect(ended).toMatchObject({ code: 0 });
      else kills++;
      if (ended.stderr.includes('Took over')) takenOver++;
    }
    expect(await readFigures(out), `kills of seed ${seed}`).toEqual(expected);
    expect((await readdir(out)).filter((name) => /state|lock$|part/.test(name))).toEqual([]);
  }
  expect(takenOver).toBeGreaterThan(0);
}, 600_000);

const FIRST_CELL = /^1 of 24: /m;

test('Ctrl-C ends with 130 and the command that goes on; that command needs no other flags', async () => {
  const out = join(folder, 'interrupted');
  const interrupted = await espalier(['study', ...flagsWith(), '--out', out], {
    when: FIRST_CELL,
    act: (child) => child.kill('SIGINT'),
  });
  expect(interrupted).toMatchObject({ code: 130, stdout: '' });
  const [, way = ''] = /Go on with: espalier (.*)$/m.exec(interrupted.stderr) ?? [];
  expect(way).toBe(`study --resume --out ${out}`);
  expect(interrupted.stderr).toMatch(
    /Interrupted\. \d+ of 24 cells are done, [1-6] trials? (?:is|are) left\./,
  );
  const before = (await readFile(join(out, 'cells.jsonl'), 'utf8')).trim().split('\n').length;

  // The records are enough: the data may be on another machine.
  renameSync(data, `${data}-elsewhere`);
  const unfinished = await espalier(['report', out]);
  renameSync(`${data}-elsewhere`, data);
  expect(unfinished).toMatchObject({ code: 0 });
  expect(unfinished.stdout).toMatch(/Unfinished: \d+ cells? of 24 to come/);
  expect(await readFile(join(out, 'report.html'), 'utf8')).toContain(
    `${before} of 24 cells are done`,
  );

  const resumed = await espalier([...way.split(' '), '--json']);
  expect(resumed).toMatchObject({ code: 0 });
  const { settings, ...summary } = JSON.parse(resumed.stdout);
  expect(settings).toMatchObject([{ absolute: { thresholds: { length: 6 } } }]);
  expect(summary).toMatchObject({ out, cells: 24, session: { cells: 24 - before }, host: 'node' });
  expect(JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'))).toEqual(summary);
  expect(await readFigures(out)).toEqual(await readFigures(join(folder, 'whole')));

  // Nothing is left to do: nothing is computed, and the report is drawn again.
  await rm(join(out, 'report.html'));
  const again = await espalier(['study', ...flagsWith(), '--out', out]);
  expect(again.stdout).toContain('Every cell was there already.');
  const html = await readFile(join(out, 'report.html'), 'utf8');
  expect(html).toContain(`espalier study --data ${data} --sizes 40,90,200 --trials 2`);
  expect(html).not.toMatch(/(?:src|href)=|@import|url\((?!#)/);
});

test('one folder has one study at a time, and mends what a kill left', async () => {
  const out = join(folder, 'shared');
  const args = ['study', ...flagsWith({ trials: '1', sizes: '40' }), '--out', out];
  let second: Promise<Outcome> | undefined;
  const first = await espalier(args, {
    when: /^1 of 4: /m,
    act: (child) => {
      // Stopped, it holds its lock for as long as the second needs.
      child.kill('SIGSTOP');
      second = espalier(args).finally(() => child.kill('SIGKILL'));
    },
  });
  expect(first.signal).toBe('SIGKILL');
  expect(await second).toMatchObject({ code: 2, stdout: '' });
  expect((await second)?.stderr).toMatch(/is in use by another run or study \(process \d+ on /);

  const cells = join(out, 'cells.jsonl');
  await appendFile(cells, '{"examples":40,"trial":0,"itera');
  const mended = await espalier(args);
  expect(mended).toMatchObject({ code: 0 });
  expect(mended.stderr).toContain('Took over');
  expect(mended.stderr).toContain(`Dropped the last line of ${cells}: it was cut off.`);
  const lines = (await readFile(cells, 'utf8')).split('\n');
  expect(lines).toHaveLength(5);
  expect(lines.slice(0, 4).map((line) => JSON.parse(line).examples)).toEqual(Array(4).fill(40));

  lines[2] = lines[2]!.slice(0, -5);
  await writeFile(cells, lines.join('\n'));
  const corrupt = await espalier(args);
  expect(corrupt).toMatchObject({ code: 1 });
  expect(corrupt.stderr).toContain(`${cells}, line 3, is corrupt (it is not JSON)`);
  expect(corrupt.stderr).not.toContain('    at ');
});

test('what cannot be studied is refused before anything is written', async () => {
  const whole = join(folder, 'whole');
  const fresh = join(folder, 'fresh');
  const file = join(data, 't10k-labels-idx1-ubyte');
  const run = join(folder, 'a-run');
  await mkdir(run);
  await writeFile(join(run, 'config.json'), '{"examples": 1000}');
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[...flagsWith({ trials: '3' }), '--out', whole], 'its "trials" is 2, not 3'],
    [
      [...flagsWith({ sizes: '40,301' }), '--out', fresh],
      '--sizes must be whole numbers from 1 to 300, not 301',
    ],
    [[...flagsWith({ sizes: '90,40' }), '--out', fresh], '--sizes must be a list of whole numbers'],
    [
      [...flagsWith({ 'prune-every': '31' }), '--out', fresh],
      '--prune-every 31 must be no more than --iterations 30',
    ],
    [[...flagsWith({ tolerance: '0' }), '--out', fresh], '--tolerance'],
    [[...flagsWith(), '--out', file], `The folder ${file} cannot be written to`],
    [[...flagsWith(), '--out', run], 'is not the configuration of a study'],
    [['--resume', '--out', fresh], `there is no study in ${fresh}`],
    [[...flagsWith(), '--out', join(folder, 'notes')], 'has a cells.jsonl but no config.json'],
  ];
  const notes = join(folder, 'notes');
  await mkdir(notes);
  await writeFile(join(notes, 'cells.jsonl'), 'no cells, and no end of line');
  for (const [args, message] of cases) {
    const { code, stderr } = await refused(['study', ...args], folder);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  }
  await expect(stat(fresh)).rejects.toThrow('ENOENT');
  expect(await readFile(join(notes, 'cells.jsonl'), 'utf8')).toHaveLength(28);
  expect(await refused(['report', folder], folder)).toMatchObject({ code: 2 });
});

test('a study that came to nothing does not stand in the way of another', async () => {
  const out = join(folder, 'nothing');
  await mkdir(out);
  await copyFile(join(folder, 'whole', 'config.json'), join(out, 'config.json'));
  const args = ['study', ...flagsWith({ trials: '1', sizes: '40' }), '--out', out];
  expect(await espalier(args)).toMatchObject({ code: 0 });
  const more = ['study', ...flagsWith({ trials: '2', sizes: '40' }), '--out', out];
  const other = await refused(more, folder);
  expect(other.stderr).toContain('its "trials" is 1, not 2');
});

// Every write to this device ends with ENOSPC.
const FULL = '/dev/full';

test('a disk that is full for a cell or a state is told plainly, and what was done is kept', async () => {
  const failed = async (out: string, options: Parameters<typeof espalier>[1] = {}) => {
    const args = ['study', ...flagsWith({ trials: '2', sizes: '40' }), '--out', out];
    const full = await espalier(args, options);
    expect(full).toMatchObject({ code: 1, stdout: '' });
    expect(full.stderr).toMatch(/error: Cannot write .*(cells|state).*: ENOSPC: no space left/);
    expect(full.stderr).not.toContain('    at ');
    return async (kept: number) => {
      const rest = await espalier([...args, '--json']);
      expect(JSON.parse(rest.stdout)).toMatchObject({ cells: 8, session: { cells: 8 - kept } });
    };
  };

  const cells = join(folder, 'full for a cell', 'cells.jsonl');
  const aside = join(folder, 'aside.jsonl');
  const resumeCells = await failed(dirname(cells), {
    when: /^2 of 8: /m,
    act: () => {
      const link = join(folder, 'full.jsonl');
      symlinkSync(FULL, link);
      renameSync(cells, aside);
      renameSync(link, cells);
    },
  });
  renameSync(aside, cells);
  await resumeCells((await readFile(cells, 'utf8')).trim().split('\n').length);

  // The second trial's first state.
  const states = join(folder, 'full for a state');
  await mkdir(states);
  symlinkSync(FULL, join(states, '.state-m40-r1-n24-lr1-b16.safetensors.part'));
  const resumeStates = await failed(states);
  await resumeStates(
    (await readFile(join(states, 'cells.jsonl'), 'utf8')).trim().split('\n').length,
  );
});

test('a lost device is replaced and the study goes on', async () => {
  const out = join(folder, 'lost');
  const args = ['study', ...flagsWith({ host: 'chrome' }), '--out', out];
  const ended = await espalier(args, {
    when: /^9 of 24: /m,
    act: async ({ pid }) => {
      for (const browser of await childProcesses(pid!)) process.kill(browser, 'SIGKILL');
    },
  });
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stderr).toContain('Opening a new device.');
  expect((await readFigures(out)).rows).toHaveLength(25);
});

/** Field 4 of /proc/<pid>/stat is the parent's pid. */
async function childProcesses(parent: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return pids.map(Number).filter((_, at) => parents[at] === parent);
}
