import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The path of a file or folder of the build. The package is asked for by its own name, since parts
 * of the command line lie at different depths there.
 */
export function builtPath(name: string): string {
  return join(dirname(createRequire(import.meta.url).resolve('espalier')), name);
}
