import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folderServer } from '../../src/cli/demo.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');

test('the demo serves the built page on loopback until Ctrl-C', async () => {
  const child = spawn(process.execPath, [CLI, 'demo'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(String(line))?.[0] ?? '';
    const page = await fetch(address);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<title>Espalier');
    expect((await fetch(`${address}..%2fcli.js`)).status).toBe(404);
    expect((await fetch(`${address}nothing`)).status).toBe(404);
  } finally {
    child.kill('SIGINT');
  }
  expect(await once(child, 'exit')).toEqual([130, null]);
});

test('neither an address that is none nor a file that cannot be read ends the server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-page-'));
  await writeFile(join(folder, 'index.html'), 'the page');
  // A regular file by its status, whose first byte cannot be read.
  await symlink('/proc/self/mem', join(folder, 'broken'));
  const server = folderServer(folder).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const address = `http://127.0.0.1:${port}/`;
  expect((await fetch(`${address}/`)).status).toBe(400);
  await expect(fetch(`${address}broken`).then((broken) => broken.text())).rejects.toThrow();
  expect(await (await fetch(address)).text()).toBe('the page');
});
