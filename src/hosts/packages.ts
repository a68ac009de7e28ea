import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EspalierError } from '../errors.js';

/** Large packages that only some hosts need. A person installs them when needed. */
const OPTIONAL_PACKAGES = {
  webgpu: 'Dawn, WebGPU for Node',
  'puppeteer-core': 'which drives Chrome',
  '@sparticuz/chromium': 'a Chromium and the software adapter SwiftShader',
} as const;
export type OptionalPackage = keyof typeof OPTIONAL_PACKAGES;

/**
 * Loads an optional package.
 *
 * @throws no-webgpu when it is not installed, naming the command that installs it, or does not
 *   load.
 */
export async function importPackage<T>(name: OptionalPackage, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw isMissing(cause) ? missingPackage(name, cause) : brokenPackage(name, cause);
  }
}

export function missingPackage(name: OptionalPackage, cause?: unknown): EspalierError {
  return new EspalierError(
    'no-webgpu',
    `The optional package ${name} (${OPTIONAL_PACKAGES[name]}) is not installed. Run: npm install ${name}`,
    { cause },
  );
}

export function brokenPackage(name: OptionalPackage, cause: unknown): EspalierError {
  return new EspalierError(
    'no-webgpu',
    {
      kind: 'message',
      message: `The package ${name} (${OPTIONAL_PACKAGES[name]}) is installed but does not load on this machine: ${String(cause)}.`,
      instead: { host: name === 'webgpu' ? 'chrome' : 'node' },
    },
    { cause },
  );
}

export interface InstalledPackage {
  readonly folder: string;
  readonly version: string;
}

/** The folder and version of an installed package; undefined when it is not installed. */
export async function findPackage(name: string): Promise<InstalledPackage | undefined> {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve(name));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  // The entry may lie in a subfolder, and `exports` may forbid to require package.json: so walk up.
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
    const found = JSON.parse(manifest) as { name?: string; version?: string };
    if (found.name === name) return { folder, version: found.version ?? '0' };
  }
  return undefined;
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
