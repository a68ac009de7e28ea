import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Trained networks and images that are not this project's to publish. They lie beside the checkout
 * where the project is made, and elsewhere nowhere: tests that need them say so and are left out.
 */
const folder = process.env.ESPALIER_SHARED ?? resolve(import.meta.dirname, '../../shared');

export const isShared = existsSync(folder);
if (!isShared && process.env.ESPALIER_SHARED !== undefined) {
  throw new Error(`ESPALIER_SHARED names ${folder}, which is not there.`);
}

/** Where a shared file or folder lies. */
export function sharedPath(name: string): string {
  return join(folder, name);
}
