#!/usr/bin/env node
import { createRequire } from 'node:module';
import { carryOut } from './carry-out.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const code = await carryOut(process.argv.slice(2), version, (text) => process.stderr.write(text));
// A benchmark that found a wrong answer has been carried out, and set another code.
process.exitCode ||= code;
