#!/usr/bin/env node
import { createRequire } from 'node:module';
import { carryOut } from './carry-out.js';
import { errorCode } from './files.js';
import { explainOther } from './outcome.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

// A reader that has seen enough, such as `head`, is no error, and a terminal that is gone reads no more.
const GONE: ReadonlySet<unknown> = new Set(['EPIPE', 'EIO']);
let isRead = true;
process.stdout.on('error', (error) => {
  if (!GONE.has(errorCode(error))) {
    throw new Error(`Cannot write to stdout: ${error.message}`, { cause: error });
  }
  // Work under way ends as by Ctrl-C, which given twice would end it at once.
  if (isRead) process.emit('SIGTERM');
  isRead = false;
});
// What is told there is no part of the work, which goes on: without a reader, or on a full disk.
process.stderr.on('error', () => undefined);

// A client's error may carry a password among its own keys, which Node would print.
process.on('uncaughtException', (error) => {
  process.stderr.write(`${explainOther(error)}\n`);
  process.exit(1);
});

const code = await carryOut(process.argv.slice(2), version, (text) => process.stderr.write(text));
// A benchmark that found a wrong answer has been carried out, and set another code.
process.exitCode ||= code;
