#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addInfo } from './info.js';
import { exitCodeOf, explain } from './outcome.js';
import { addRun } from './run.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const program = new Command('espalier')
  .description(
    'Pre-trains a neural network on WebGPU, prunes it by greedy forward selection, and fine-tunes what is left.',
  )
  .version(version)
  .showHelpAfterError('(add --help for the flags and examples)')
  .exitOverride();

addRun(program, version);
addInfo(program, version);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own message already.
  if (!(error instanceof CommanderError)) process.stderr.write(`${explain(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
