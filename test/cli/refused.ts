import { carryOut } from '../../src/cli/carry-out.js';

/** What the command line says to words that it refuses, read in this process instead of one of its own. */
export async function refused(
  args: readonly string[],
  cwd: string,
): Promise<{ readonly code: number; readonly stderr: string }> {
  const before = process.cwd();
  let stderr = '';
  process.chdir(cwd);
  try {
    const code = await carryOut(args, '0.0.0', (text) => {
      stderr += text;
    });
    return { code, stderr };
  } finally {
    process.chdir(before);
  }
}
