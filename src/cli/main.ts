#!/usr/bin/env node
import { createRequire } from 'node:module';
import { type Command, CommanderError } from 'commander';
import { errorExitCode, explain } from './outcome.js';
import { createProgram } from './program.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = createProgram(version);
let command: Command = program;
program.hook('preAction', (_, acting) => {
  command = acting;
});

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own message already.
  if (!(error instanceof CommanderError)) process.stderr.write(`${explain(error, command)}\n`);
  process.exitCode = errorExitCode(error);
}
