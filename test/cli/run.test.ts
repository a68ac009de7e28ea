import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { infoTable } from '../../src/cli/info.js';
import { readTensors } from '../experiment/reader.js';
import { espalier, start } from './espalier.js';
import { TINY, tinyRuns } from './tiny.js';

const { data, emptyFolder, tiny } = tinyRuns();

describe.concurrent('--out', () => {
  test('that holds another run is refused; --overwrite replaces it and leaves nothing of it', async () => {
    const cwd = await emptyFolder();
    await mkdir(join(cwd, 'out'));
    await writeFile(join(cwd, 'out', 'notes.txt'), 'not of a run');
    const first = await espalier(tiny('--out', 'out', '--prune-every', '2'), cwd);
    expect(first.code).toBe(0);
    const files = await readdir(join(cwd, 'out'));
    expect(files).toContain('subnetwork-2.safetensors');
    const config = await readFile(join(cwd, 'out/config.json'), 'utf8');

    const refused = await espalier(tiny('--out', 'out'), cwd);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^error: --out out holds another run.*--overwrite/);
    // Neither does a run that cannot start touch it.
    const unable = await espalier(tiny('--out', 'out', '--overwrite', '--width', '1e9'), cwd);
    expect(unable.code).toBe(1);
    expect((await readdir(join(cwd, 'out'))).sort()).toEqual(files.sort());
    expect(await readFile(join(cwd, 'out/config.json'), 'utf8')).toBe(config);

    const replaced = await espalier(tiny('--out', 'out', '--overwrite', '--fine-tune', '0'), cwd);
    expect(replaced.code).toBe(0);
    expect((await readdir(join(cwd, 'out'))).sort()).toEqual([
      'config.json',
      'dataset.safetensors',
      'events.jsonl',
      'notes.txt',
      'subnetwork-4.safetensors',
      'summary.json',
      'weights-0.safetensors',
      'weights-4.safetensors',
    ]);
    const events = await readFile(join(cwd, 'out/events.jsonl'), 'utf8');
    expect(events.trimEnd().split('\n')).toHaveLength(4);

    // What a study gathered is not for a run to replace.
    await writeFile(join(cwd, 'out/cells.jsonl'), '');
    const study = await espalier(tiny('--out', 'out', '--overwrite'), cwd);
    expect(study.stderr).toMatch(/^error: --out out holds a study\. Name another folder\.$/m);
    expect(study).toMatchObject({ code: 2, stdout: '' });
  });

  test('belongs to one run at a time, and is taken over from one that was killed', async () => {
    const cwd = await emptyFolder();
    const out = join(cwd, 'out');
    const long = tiny('--out', 'out', '--iterations', '10000000');
    const { child, said, ended } = start(long, { cwd });
    await said(/Iteration 0:/);
    const second = await espalier(tiny('--out', 'out', '--overwrite'), cwd);
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toMatch(/^error: out is in use by another run .*process \d+ on /m);
    expect(await readdir(out)).toContain('weights-0.safetensors');
    child.kill('SIGKILL');
    await ended;
    await writeFile(join(out, '.weights-4.safetensors.part'), 'cut off');
    expect(await readdir(out)).toContain('folder.lock');

    const third = await espalier(tiny('--out', 'out', '--overwrite'), cwd);
    expect(third.stderr).not.toContain('error');
    expect(third.code).toBe(0);
    const files = await readdir(out);
    expect(files).toContain('summary.json');
    expect(files.filter((name) => /lock|part/.test(name))).toEqual([]);
  });

  test('is whole, and left by its run, though nobody reads what that says', async () => {
    const cwd = await emptyFolder();
    const { child, said } = start(tiny('--out', 'out', '--prune-every', '1'), { cwd });
    await said(/^Running on /m);
    child.stderr?.destroy();
    child.stdout?.destroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
    const files = await readdir(join(cwd, 'out'));
    expect(files).toContain('summary.json');
    expect(files).toContain('weights-4.safetensors');
    expect(files.filter((name) => /lock|part/.test(name))).toEqual([]);
  });

  test('is not there after Ctrl-C before the first checkpoint', async () => {
    const cwd = await emptyFolder();
    const wide = ['run', '--width', '4096', '--adapter', 'software', '--out', 'out'];
    const { child, said, ended } = start(wide, { cwd });
    await said(/^Running on /m);
    process.kill(-child.pid!, 'SIGINT');
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/^Interrupted\. Nothing was finished yet\.$/m);
    expect(await readdir(cwd)).toEqual([]);
  });

  test('that is a file is refused', async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'taken'), 'a file');
    const { code, stderr } = await espalier(tiny('--out', 'taken'), cwd);
    expect(stderr).toMatch(/^error: The folder taken cannot be written to: .*taken is a file\./);
    expect(code).toBe(2);
    const below = await espalier(tiny('--out', 'taken/sub'), cwd);
    expect(below.stderr).toMatch(/^error: The folder taken\/sub cannot .*\/taken is a file\./);
    await writeFile(join(cwd, 'runs'), 'a file too');
    const unnamed = await espalier(tiny(), cwd);
    expect(unnamed.stderr).toMatch(/^error: The folder runs cannot .*with --out\.$/m);
    expect(unnamed).toMatchObject({ code: 2, stdout: '' });
    expect(await readFile(join(cwd, 'taken'), 'utf8')).toBe('a file');
  });
});

describe.concurrent('a run that cannot go on', () => {
  test('because it diverges names the iteration and a smaller rate, and keeps its checkpoints', async () => {
    const cwd = await emptyFolder();
    const args = tiny('--learning-rate', '1e6', '--iterations', '2000', '--out', 'out');
    const { code, stdout, stderr } = await espalier(args, cwd);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const [, iteration, rate] = /diverged.* iteration (\d+)\b.*--learning-rate (\S+)\.$/m
      .exec(stderr)!
      .map(Number);
    expect(iteration).toBeLessThanOrEqual(2000);
    expect(rate).toBeLessThan(1e6);
    expect(rate).toBeGreaterThan(0);
    const kept = await readdir(join(cwd, 'out'));
    expect(kept.sort()).toEqual([
      'config.json',
      'dataset.safetensors',
      'events.jsonl',
      'weights-0.safetensors',
    ]);
    expect(readTensors(join(cwd, 'out/weights-0.safetensors')).size).toBe(2);
  });

  test('because fine-tuning diverges names the rate of fine-tuning', async () => {
    const flags = ['--fine-tune-learning-rate', '1e30', '--fine-tune', '50'];
    const { code, stderr } = await espalier(tiny(...flags), await emptyFolder());
    expect(stderr).toMatch(/diverged.*--fine-tune-learning-rate 1\.$/m);
    expect(code).toBe(1);
  });

  test('because there is no such adapter says how to get one', async () => {
    const cwd = await emptyFolder();
    const outcome = await espalier(tiny('--adapter', 'hardware', '--out', 'out'), cwd);
    if (outcome.code === 0) {
      const summary = await readFile(join(cwd, 'out/summary.json'), 'utf8');
      expect(JSON.parse(summary).adapter.kind).toBe('hardware');
    } else {
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr).toMatch(/^error: .*no GPU.*--adapter software|--host chrome/);
      expect(await readdir(cwd)).toEqual([]);
    }
  });

  // Ctrl-C reaches the whole process group, so a browser gets it as well.
  test.each<[string, NodeJS.Signals, string[], RegExp]>([
    ['pre-training', 'SIGHUP', ['--iterations', '10000000'], /Iteration 0:/],
    [
      'checkpoints too small to fill a submit',
      'SIGTERM',
      ['--iterations', '90000', '--prune-every', '1', '--fine-tune', '0'],
      /Iteration 3:/,
    ],
    ['selection', 'SIGINT', ['--picks', '300000'], /Iteration 4:/],
    [
      'pre-training in Chrome',
      'SIGINT',
      ['--iterations', '10000000', '--host', 'chrome'],
      /Iteration 0:/,
    ],
  ])(
    'because during %s comes a %s keeps what is finished and says where',
    async (_, signal, flags, sign) => {
      const cwd = await emptyFolder();
      const { child, said, ended } = start(tiny('--out', 'out', ...flags), { cwd });
      await said(sign);
      process.kill(-child.pid!, signal);
      const { code, stdout, stderr } = await ended;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      const [, newest, way] =
        /^Interrupted\. The newest weights in out are of iteration (\d+)([.:] .*)$/m.exec(stderr)!;
      expect(way).toBe(
        newest === '0'
          ? ': no step was finished.'
          : '. Go on from them with: espalier run --from out',
      );
      const files = await readdir(join(cwd, 'out'));
      const checkpoints = files.filter((name) => /-\d+\.safetensors$/.test(name));
      expect(checkpoints).toContain('weights-0.safetensors');
      expect(checkpoints).toContain(`weights-${newest}.safetensors`);
      for (const name of checkpoints) {
        expect(readTensors(join(cwd, 'out', name)).get('hidden.weight')?.shape[1]).toBe(16);
      }
      expect(files.filter((name) => /lock|part/.test(name))).toEqual([]);
      expect(files).not.toContain('summary.json');
    },
  );
});

describe.concurrent('what is printed', () => {
  test('is the table on stdout and the progress on stderr, or one line of JSON with --json; each run has a new folder in runs/', async () => {
    const cwd = await emptyFolder();
    const args = ['run', '--data', data(), ...TINY];
    const { code, stdout, stderr } = await espalier(args, cwd);
    expect(code).toBe(0);
    const [, verdict] = /^After the same steps (.+) has .* of the parameters\.$/m.exec(stdout)!;
    expect(verdict).toMatch(/^(?=.*dense network)(?=.*from scratch).* is (best|as good as any): /);
    for (const word of ['dense', 'subnetwork', 'fine-tuned', 'neurons', 'parameters']) {
      expect(stdout).toContain(word);
    }
    for (const word of ['FLOPs per example', 'training loss', 'test accuracy', 'seconds']) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toMatch(
      /^No mixture .+ below .+duality gap.+ 5 picks .+ guarantees .+ measured/m,
    );
    expect(stdout).toMatch(/Adapter: .+peak memory/);
    expect(stdout).not.toContain('Iteration');
    expect(stderr).toMatch(/^Running on .+\.\nIteration 0: /);
    const [, folder] = /^Files: (\S+)$/m.exec(stdout) ?? [];
    expect(await readdir(join(cwd, folder ?? 'not said'))).toContain('summary.json');

    const json = await espalier(tiny('--json'), cwd);
    expect(json.code).toBe(0);
    expect(json.stdout).toMatch(/^.+\n$/);
    // Without controls nothing is said of equal steps.
    expect(json.stderr).toMatch(
      /^With .* of the parameters .* the dense network, which had fewer steps/m,
    );
    const { out, ...printed } = JSON.parse(json.stdout);
    expect(out).not.toBe(folder);
    expect(await readdir(join(cwd, 'runs'))).toHaveLength(2);
    const written = JSON.parse(await readFile(join(cwd, out, 'summary.json'), 'utf8'));
    expect(written).toMatchObject(printed);
    expect(printed).toMatchObject({
      iterations: 4,
      adapter: { kind: expect.any(String) },
      host: 'node',
      versions: { espalier: expect.any(String), node: process.versions.node },
    });
  });

  test('by info is the adapter, as a table or as JSON', async () => {
    const cwd = await emptyFolder();
    const json = await espalier(['info', '--json'], cwd);
    expect(json).toMatchObject({ code: 0, stderr: '' });
    const report = JSON.parse(json.stdout);
    expect(json.stdout).toMatch(/^.+\n$/);
    expect(report).toMatchObject({
      host: 'node',
      limits: { maxStorageBufferBindingSize: expect.any(Number) },
      measured: {
        copyGBps: expect.any(Number),
        fmaGflops: expect.any(Number),
        dispatchMicros: expect.any(Number),
        submitMicros: expect.any(Number),
      },
      versions: { node: process.versions.node },
    });
    for (const value of Object.values(report.measured)) expect(value).toBeGreaterThan(0);
    const table = infoTable(report);
    expect(table).toContain(report.adapter.name);
    expect(table).toMatch(/copy, measured +│ [\d.]+ GB\/s/);
    expect(report.adapter.name.includes('(software)')).toBe(report.adapter.kind === 'software');
    expect(await readdir(cwd)).toEqual([]);
  });

  test.each(['', 'run', 'info'])('by "espalier %s --help" has examples', async (command) => {
    const args = [...(command ? [command] : []), '--help'];
    const { code, stdout, stderr } = await espalier(args, await emptyFolder());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: espalier/);
    expect(stdout).toMatch(/Examples:\n +espalier \w+/);
  });
});

test('headless Chrome picks what Node picks', async () => {
  const cwd = await emptyFolder();
  const flags = ['--adapter', 'software', '--iterations', '20', '--picks', '12'];
  for (const host of ['node', 'chrome']) {
    const { code, stderr } = await espalier(tiny(...flags, '--host', host, '--out', host), cwd);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(await readFile(join(cwd, host, 'summary.json'), 'utf8')).host).toBe(host);
  }
  const selected = (host: string) =>
    readTensors(join(cwd, host, 'subnetwork-20.safetensors')).get('selected');
  expect(selected('chrome')).toEqual(selected('node'));
  expect(selected('node')?.shape).toEqual([12]);
  const weights = (host: string) => readFile(join(cwd, host, 'weights-0.safetensors'));
  expect(await weights('chrome')).toEqual(await weights('node'));
});
