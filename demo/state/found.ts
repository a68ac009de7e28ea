import { EspalierError } from '../../src/index.js';
import { quoted } from '../../src/text.js';
import {
  better,
  frontierAt,
  type Line,
  lineThrough,
  type Outline,
  smallestWithin,
  type Told,
} from './frontier.js';
import type { Checkpoint } from './session.js';
import type { Settings } from './settings.js';

/** What was found by a run, in the figures of its curves: all of it that a link carries. */
export interface Found {
  /** The step that it was pruned after. */
  readonly iteration: number;
  readonly plain: Outline;
  /** With the steps of fine-tuning, where there were some. */
  readonly fineTuned?: Outline | undefined;
}

/** What a checkpoint has found; undefined before it was pruned, and of a network that nobody has trained. */
export function foundAt(checkpoint: Checkpoint | undefined): Found | undefined {
  if (!checkpoint || checkpoint.iteration === 0) return undefined;
  const plain = frontierAt(checkpoint, false);
  if (!plain) return undefined;
  const fineTuned = plain.tunable ? frontierAt(checkpoint, true) : undefined;
  return { iteration: checkpoint.iteration, plain, fineTuned };
}

/** An accuracy is told in whole parts of this. */
const PARTS = 10_000;
/** Numbers are written in this base, and an accuracy by so many digits. */
const BASE = 36;
const DIGITS = 3;

/** Curves by name. In the text a name is followed by stretches of widths without a gap: the first, and all accuracies. */
type Lines = ReadonlyMap<string, Line>;

/**
 * What was found as text for an address, such as `at.300-dense.3k.6ds-sizes.1.0xc2o8`: letters, digits,
 * dots and hyphens only, which nothing between two people changes.
 */
export function foundText({ iteration, plain, fineTuned }: Found): string {
  const parts = [...linesIn('', plain), ...(fineTuned ? linesIn('tuned', fineTuned) : [])]
    .filter(([, line]) => line.size > 0)
    .map(([name, line]) => [name, ...stretches(line)].join('.'));
  return [`at.${iteration}`, ...parts].join('-');
}

function linesIn(
  prefix: string,
  { points, asPicked, fromScratch, dense, denseRefitted }: Outline,
): readonly (readonly [name: string, line: Line])[] {
  return [
    [`${prefix}dense`, lineThrough([dense])],
    [`${prefix}refitted`, lineThrough(denseRefitted ? [denseRefitted] : [])],
    [`${prefix}sizes`, lineThrough(points)],
    [`${prefix}picked`, asPicked ?? new Map()],
    [`${prefix}scratch`, fromScratch],
  ];
}

function stretches(line: Line): readonly string[] {
  const tokens: string[] = [];
  let next: number | undefined;
  for (const [width, accuracy] of [...line].toSorted(([a], [b]) => a - b)) {
    const digits = Math.round(PARTS * accuracy)
      .toString(BASE)
      .padStart(DIGITS, '0');
    if (width === next) tokens.push(`${tokens.pop()}${digits}`);
    else tokens.push(width.toString(BASE), digits);
    next = width + 1;
  }
  return tokens;
}

/**
 * Reads what `foundText` wrote, by whomever.
 *
 * @param settings those of the run.
 * @throws bad-data where no run of these settings could have found that.
 */
export function foundFromText(text: string, settings: Settings): Found {
  const lines = new Map<string, Line>();
  let iteration = Number.NaN;
  for (const part of text.split('-')) {
    const [name = '', ...tokens] = part.split('.');
    if (name === 'at') iteration = /^\d{1,9}$/.test(tokens.join()) ? Number(tokens[0]) : Number.NaN;
    else lines.set(name, lineIn(tokens, settings.width));
  }
  if (Number.isNaN(iteration)) throw impossible('no step that it was pruned after');
  if (!(iteration >= 1 && iteration <= settings.iterations)) {
    throw impossible(`step ${iteration} of ${settings.iterations}`);
  }
  const plain = outlineIn(lines, '', settings);
  const fineTuned = lines.has('tunedsizes') ? outlineIn(lines, 'tuned', settings) : undefined;
  if (fineTuned && settings.fineTune === 0) throw impossible('fine-tuning without a step');
  return { iteration, plain: { ...plain, tunable: fineTuned !== undefined }, fineTuned };
}

function outlineIn(lines: Lines, prefix: '' | 'tuned', { width, picks }: Settings): Outline {
  const told = (name: string): readonly Told[] =>
    [...(lines.get(`${prefix}${name}`) ?? [])].map(([own, testAccuracy]) => ({
      width: own,
      testAccuracy,
    }));
  const denseNamed = (name: string): Told | undefined => {
    const [first, ...others] = told(name);
    if (others.length > 0 || (first && first.width !== width)) {
      throw impossible(`a dense network of other than ${width} neurons`);
    }
    return first;
  };
  const points = told('sizes');
  const dense = denseNamed('dense');
  if (!dense || points.length === 0) throw impossible('no curve, or nothing beside it');
  if (points.length > picks) throw impossible(`${points.length} sizes by ${picks} picks`);
  const asPicked = lines.get(`${prefix}picked`);
  const denseRefitted = denseNamed('refitted');
  const yardstick = better(dense, denseRefitted);
  return {
    points,
    ...(asPicked && { asPicked }),
    fromScratch: lines.get(`${prefix}scratch`) ?? new Map(),
    tuned: prefix === 'tuned',
    tunable: prefix === 'tuned',
    dense,
    denseRefitted,
    yardstick,
    smallest: smallestWithin(points, yardstick),
  };
}

/** @param most neurons that a network may have. */
function lineIn(tokens: readonly string[], most: number): Line {
  const line = new Map<number, number>();
  let last = 0;
  for (let at = 0; at < tokens.length; at += 2) {
    const [first = '', digits = ''] = tokens.slice(at, at + 2);
    if (!/^[\da-z]{1,3}$/.test(first) || !/^([\da-z]{3})+$/.test(digits)) {
      throw impossible(`${quoted([first, digits].join('.'))} in place of figures`);
    }
    let width = Number.parseInt(first, BASE);
    for (const own of digits.match(/.{3}/g) ?? []) {
      const accuracy = Number.parseInt(own, BASE) / PARTS;
      if (accuracy > 1) throw impossible(`${(100 * accuracy).toFixed(2)} % of right answers`);
      if (width <= last || width > most) throw impossible(`${width} of ${most} neurons`);
      line.set(width, accuracy);
      last = width++;
    }
  }
  return line;
}

function impossible(what: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `The results in this link are not shown, since no run has such: ${what}. Its settings hold: press Play to find out.`,
  );
}
