import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tuning } from '../gpu/device.js';
import { cachedFolder } from './cache.js';

/** `kept`: kernels' configurations are measured once and remembered; `fixed`: chosen without measuring. */
export const TUNING_MODES = ['kept', 'fixed'] as const;
export type TuningMode = (typeof TUNING_MODES)[number];

/** What was measured on this machine's adapters; empty at first, or where nothing can be kept. */
export async function readTuning(mode: TuningMode): Promise<Tuning | undefined> {
  if (mode === 'fixed') return undefined;
  try {
    const kept: unknown = JSON.parse(await readFile(await file(), 'utf8'));
    // A configuration of another name, or none at all, is measured again.
    return new Map(Object.entries(kept as object).filter(([, name]) => typeof name === 'string'));
  } catch {
    // A cache: what cannot be read is measured again.
    return new Map();
  }
}

/** Keeps what was measured for the next process. */
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
    // Nowhere to keep it: the next process measures again.
  }
}

async function file(): Promise<string> {
  return join(await cachedFolder('tuning', async () => undefined), 'configurations.json');
}
