import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
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

/** Serves a folder with a page; gives its address. */
async function served(): Promise<{ folder: string; port: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-page-'));
  await writeFile(join(folder, 'index.html'), 'the page');
  await writeFile(join(folder, 'index-Ab3_-xYz.js'), 'the script');
  const server = folderServer(folder).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  await once(server, 'listening');
  return { folder, port: (server.address() as { port: number }).port };
}

test('neither an address that is none nor a file that cannot be read ends the server', async () => {
  const { folder, port } = await served();
  // A regular file by its status, whose first byte cannot be read.
  await symlink('/proc/self/mem', join(folder, 'broken'));
  const address = `http://127.0.0.1:${port}/`;
  expect((await fetch(`${address}/`)).status).toBe(400);
  await expect(fetch(`${address}broken`).then((broken) => broken.text())).rejects.toThrow();
  expect(await (await fetch(address)).text()).toBe('the page');
});

test('all of MNIST is served, and said to be, where npm has brought it', async () => {
  const { folder, port } = await served();
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/sets.json'), '["small"]');
  const address = `http://127.0.0.1:${port}/data/`;
  expect(await (await fetch(`${address}sets.json`)).json()).toEqual(['small', 'full']);
  const labels = await fetch(`${address}full/t10k-labels-idx1-ubyte.gz`);
  expect(gunzipSync(await labels.arrayBuffer())).toHaveLength(10_008);
  expect((await fetch(`${address}full/other.gz`)).status).toBe(404);
});

test('pages are guarded by headers, scripts kept by browsers and nothing is taken', async () => {
  const { port } = await served();
  const address = `http://127.0.0.1:${port}/`;
  const guards = {
    'content-security-policy': "frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  for (const path of ['', 'index-Ab3_-xYz.js', 'nothing']) {
    const { headers } = await fetch(address + path);
    expect(Object.fromEntries(headers)).toMatchObject(guards);
  }
  const caching = async (path: string) =>
    (await fetch(address + path)).headers.get('cache-control');
  expect(await caching('')).toBe('no-cache');
  expect(await caching('index-Ab3_-xYz.js')).toContain('immutable');
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const refused = await fetch(address, { method });
    expect([refused.status, await refused.text()]).toEqual([405, '']);
  }
  const head = await fetch(address, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '8']);
});

test.each([
  ['localhost', 200],
  ['LOCALHOST:80', 200],
  ['127.0.0.1', 200],
  ['[::1]:8080', 200],
  ['evil.example', 421],
  ['127.0.0.1.evil.example', 421],
  ['localhost.evil.example:80', 421],
  ['127.1.evil.example', 421],
])('asked for as "%s" the answer is %i', async (host, status) => {
  const { port } = await served();
  const asked = get({ host: '127.0.0.1', port, headers: { host } });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(status);
  answer.resume();
});

test('Ctrl-C waits for nobody who asks and does not read', async () => {
  const child = spawn(process.execPath, [CLI, 'demo'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(/:(\d+)\//.exec(String(line))?.[1]);
  const reader = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(reader, 'connect');
  reader.pause();
  reader.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\n');
  const begin = performance.now();
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
  expect(performance.now() - begin).toBeLessThan(5000);
  reader.destroy();
});
