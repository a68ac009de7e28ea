import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { COMMANDS, createProgram } from '../../src/cli/program.js';

const ROOT = resolve(import.meta.dirname, '../..');
const ROOMS = ['src', 'demo', 'bench'];

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...ROOMS.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(room, file)),
  ),
];

/** The command lines of a text: each begins a line or a piece of code, and ends before what it is for. */
function commandLines(text: string): readonly string[] {
  const whole = text
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll('npm run bench -- ', 'espalier bench ')
    .replaceAll('npx espalier', 'espalier');
  const found = whole.matchAll(/(?:^ *|`)espalier ([a-z].*?)(?=`| {2}| # |$)/gm);
  return [...found].map(([, line = '']) => line);
}

/** What a sentence may leave out that only names a command, or one of its flags. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'commander.missingArgument',
  'commander.optionMissingArgument',
  'commander.missingMandatoryOptionValue',
]);

/** Reads a command line as the program would, and stops short of carrying it out. */
async function readLine(line: string): Promise<void> {
  // A letter for itself stands for an architecture, whichever.
  const words = line.split(' ').map((word) => (/^[A-Z]$/.test(word) ? 'resnet8' : word));
  const program = await createProgram('0', words[0]);
  const quieten = (command: Command): void => {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    command.action(() => undefined);
    command.commands.forEach(quieten);
  };
  program.commands.forEach(quieten);
  program.configureOutput({ writeErr: () => undefined });
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError && LEFT_OUT.has(error.code))) throw error;
  }
}

describe('a command line that is written down is one that the program takes', () => {
  const inPages = pages.flatMap((page) =>
    commandLines(readFileSync(join(ROOT, page), 'utf8')).map((line) => [page, line] as const),
  );
  test('flags that are not there are refused', async () => {
    await expect(readLine('run --neurons 3')).rejects.toThrow(/unknown option '--neurons'/);
    expect(inPages.length).toBeGreaterThan(30);
  });
  test.each(inPages)('%s: espalier %s', async (_, line) => {
    await readLine(line);
  });

  test.each(Object.keys(COMMANDS))('the examples of %s --help', async (name) => {
    const program = await createProgram('0', name);
    let help = '';
    const [command] = program.commands;
    command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    const lines = commandLines(help.slice(help.indexOf('Examples:')));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) await readLine(line);
  });
});
