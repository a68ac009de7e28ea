import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

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
