#!/usr/bin/env node
import { createRequire } from 'node:module';
import { shown } from '../text.js';
import { carryOut } from './carry-out.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// A client's error may carry a password among its own keys, which Node would print.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${shown(error instanceof Error ? `${error.stack}` : String(error))}\n`);
  process.exit(1);
});

const code = await carryOut(process.argv.slice(2), version, (text) => process.stderr.write(text));
// A benchmark that found a wrong answer has been carried out, and set another code.
process.exitCode ||= code;
