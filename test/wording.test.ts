import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../src/cli/program.js';
import { flagWording } from '../src/cli/wording.js';
import { EspalierError } from '../src/errors.js';
import { type ErrorDetails, worded } from '../src/wording.js';

const { commands } = createProgram('0');

function commandCalled(name: string): Command {
  const found = commands.find((command) => command.name() === name);
  if (!found) throw new Error(`There is no command ${name}.`);
  return found;
}

/** What the command line, in a command, and the library say. */
function said(command: string, details: ErrorDetails): readonly [string, string] {
  const wording = flagWording(commandCalled(command));
  return [worded(wording, details), new EspalierError('bad-config', details).message];
}

describe('the command line names flags where the library names keys:', () => {
  test('a value', () => {
    const details = { kind: 'value', key: 'learningRate', given: -1, allowed: 'above 0' } as const;
    expect(said('run', details)).toEqual([
      '--learning-rate must be above 0, not -1.',
      'learningRate must be above 0, not -1.',
    ]);
    const because = 'there are no more';
    expect(said('study', { ...details, given: ['a', Number.NaN], because })[0]).toBe(
      '--learning-rate must be above 0, not ["a",null]: there are no more.',
    );
  });

  test('a key whose flag takes no value, or that is no flag of the command', () => {
    const value = { kind: 'value', given: 3, allowed: 'true or false' } as const;
    expect(said('run', { ...value, key: 'replacement' })[0]).toMatch(
      /^configuration key "replacement" must/,
    );
    expect(said('compare', { ...value, key: 'candidates' })[0]).toMatch(
      /^configuration key "candidates" must/,
    );
  });

  test('what helps', () => {
    const message = 'There is no GPU.';
    const instead = { host: 'chrome', adapter: 'software', replacement: false };
    expect(said('run', { kind: 'message', message, instead })).toEqual([
      'There is no GPU. Use --host chrome --adapter software --no-replacement instead.',
      'There is no GPU. Use host chrome adapter software replacement false instead.',
    ]);
    expect(said('run', { kind: 'message', message })[0]).toBe(message);
  });
});
