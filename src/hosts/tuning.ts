import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tuning } from '../gpu/device.js';
import { cachedFolder } from './cache.js';

/**
 * How kernels' configurations are chosen. `kept`: by measuring, once a machine, and remembered.
 * `fixed`: without measuring.
 */
export const TUNING_MODES = ['kept', 'fixed'] as const;
export type TuningMode = (typeof TUNING_MODES)[number];

/** The configurations measured on this machine so far; undefined when `fixed`. */
export async function readTuning(mode: TuningMode): Promise<Tuning | undefined> {
  if (mode === 'fixed') return undefined;
  try {
    const kept: unknown = JSON.parse(await readFile(await file(), 'utf8'));
    // Entries that are not names are dropped, and measured again.
    return new Map(Object.entries(kept as object).filter(([, name]) => typeof name === 'string'));
  } catch {
    // This is only a cache. If it cannot be read, all is measured again.
    return new Map();
  }
}

/** Stores measured configurations for the next process. */
export async function keepTuning(tuning: Tuning | undefined): Promise<void> {
  if (!tuning || tuning.size === 0) return;
  const before = (await readTuning('kept')) ?? new Map();
  const all = Object.fromEntries([...before, ...tuning]);
  if (Object.entries(all).every(([kernel, name]) => before.get(kernel) === name)) return;
  try {
    const path = await file();
    const draft = `${path}.${process.pid}`;
    await writeFile(draft, `${JSON.stringify(all, null, 2)}\n`);
    await rename(draft, path);
  } catch {
    // Nothing can be written here. The next process measures again.
  }
}

async function file(): Promise<string> {
  return join(await cachedFolder('tuning', async () => undefined), 'configurations.json');
}
