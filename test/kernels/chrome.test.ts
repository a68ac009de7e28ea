import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChromeHost } from '../../src/hosts/chrome.js';
import { typicalCases } from './cases.js';
import type { CaseResult, jobs } from './page.js';

describe('kernels in headless Chrome', () => {
  let folder: string;
  const results = new Map<string, CaseResult>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-kernels-'));
    await build({
      configFile: false,
      logLevel: 'warn',
      publicDir: false,
      build: {
        outDir: folder,
        emptyOutDir: true,
        target: 'es2022',
        lib: {
          entry: join(import.meta.dirname, 'page.ts'),
          formats: ['es'],
          fileName: () => 'page.js',
        },
      },
    });
    const host = await openChromeHost<typeof jobs>(join(folder, 'page.js'));
    try {
      await host.execute('kernelCases', null, {
        onEvent: (result) => {
          results.set(result.name, result);
        },
      });
    } finally {
      await host.close();
    }
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const { name } of typicalCases) {
    test(name, () => {
      expect(results.get(name)).toEqual({ name });
    });
  }
});
