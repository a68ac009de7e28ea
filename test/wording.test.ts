import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../src/cli/program.js';
import { flagWording } from '../src/cli/wording.js';
import { EspalierError } from '../src/errors.js';
import { type ErrorDetails, worded } from '../src/wording.js';

const SOURCE = join(import.meta.dirname, '../src');
const { commands } = await createProgram('0');

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
    const silent = { kind: 'silent-adapter', adapter: 'hardware', seconds: 10 } as const;
    expect(said('run', { ...silent, instead: { adapter: 'software' } })[0]).toBe(
      'The browser has not answered a request for a hardware adapter in 10 s, which its graphics driver can cause. Use --adapter software instead.',
    );
  });

  test('what does not go together', () => {
    const details = {
      kind: 'conflict',
      key: 'rule',
      given: 'corrective',
      with: 'loss',
      value: 'cross-entropy',
      allowed: ['squared'],
      because: 'its weights are those of least squares',
      defaults: ['loss'],
    } as const;
    expect(said('run', details)).toEqual([
      '--rule corrective goes with --loss squared only, not with cross-entropy (the default): its weights are those of least squares.',
      'rule corrective goes with loss squared only, not with cross-entropy (the default): its weights are those of least squares.',
    ]);
    const picks = { key: 'picks', given: 9, with: 'width', value: 8, allowed: 'no more' } as const;
    expect(said('run', { ...details, ...picks, because: 'there are no more' })).toEqual([
      '--picks 9 must be no more than --width 8: there are no more.',
      'picks 9 must be no more than width 8: there are no more.',
    ]);
    const stalled = { key: 'untilStalled', given: true, with: 'method', value: 'random' } as const;
    expect(said('run', { ...details, ...stalled, allowed: ['greedy'] })[0]).toMatch(
      /^--until-stalled goes with --method greedy only, not with random: /,
    );
    expect(said('compare', { ...details, key: 'methods' })[0]).toMatch(
      /^--methods corrective goes with configuration key "loss" \(squared\) only, not with/,
    );
  });

  test('a size', () => {
    const details = {
      kind: 'too-large',
      key: 'width',
      given: 20,
      fits: 16,
      what: 'the hidden weights',
      adapter: 'a GPU',
      binds: 2 ** 27,
    } as const;
    expect(said('run', { ...details, instead: { rule: 'average' } })).toEqual([
      '--width 20 is too large for this adapter (a GPU), which binds at most 128.0 MiB: the hidden weights fit up to --width 16. Use --rule average instead.',
      'width 20 is too large for this adapter (a GPU), which binds at most 128.0 MiB: the hidden weights fit up to width 16. Use rule average instead.',
    ]);
    const { key: _, ...sized } = details;
    expect(said('run', { ...sized, unit: 'rows', what: 'H' })[0]).toBe(
      'H of 20 rows is too large for this adapter (a GPU), which binds at most 128.0 MiB: at most 16 rows fit.',
    );
  });

  test('memory, with the sizes that the command has', () => {
    const details = { kind: 'out-of-memory', during: 'matmul', reason: 'full' } as const;
    expect(said('run', details)).toEqual([
      'matmul: the GPU is out of memory: full. Lower --examples or --width.',
      'matmul: the GPU is out of memory: full. Lower examples or width.',
    ]);
    expect(said('study', details)[0]).toMatch(/Lower --sizes or --width\.$/);
    expect(said('info', details)[0]).toMatch(/of memory: full\.$/);
  });
});

test('the library names no flag of the command line', () => {
  const flags = commands.flatMap(({ options }) => options.map(({ long }) => long ?? ''));
  expect(flags.length).toBeGreaterThan(50);
  const named = new RegExp(`(?<![\\w-])(?:${[...new Set(flags)].join('|')})(?![\\w-])`, 'g');
  const found = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('cli/'))
    .flatMap((name) => {
      const text = readFileSync(join(SOURCE, name), 'utf8');
      return [...text.matchAll(named)].map(([flag]) => `${name}: ${flag}`);
    });
  expect(found).toEqual([]);
});
