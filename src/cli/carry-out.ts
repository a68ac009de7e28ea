import { type Command, CommanderError } from 'commander';
import { errorExitCode, explain } from './outcome.js';
import { createProgram } from './program.js';

/**
 * Carries out a command line, and says why where it cannot.
 *
 * @returns the exit code.
 */
export async function carryOut(
  words: readonly string[],
  version: string,
  say: (text: string) => void,
): Promise<number> {
  const program = await createProgram(version, words[0]);
  for (const each of [program, ...program.commands]) each.configureOutput({ writeErr: say });
  let command: Command = program;
  program.hook('preAction', (_, acting) => {
    command = acting;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own message already.
    if (!(error instanceof CommanderError)) say(`${explain(error, command)}\n`);
    return errorExitCode(error);
  }
}
