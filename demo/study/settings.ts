import { EspalierError, parseStudyConfig, type StudyConfig } from '../../src/index.js';
import { quoted } from '../../src/text.js';
import type { Kept } from '../state/address.js';

/** A study for a software adapter: it takes one or two minutes. */
const SMALL = {
  sizes: [125, 250, 500, 1000],
  trials: 2,
  width: 64,
  batch: 32,
  iterations: 400,
  pruneEvery: 40,
  picks: 30,
} as const;

const PRESETS = { small: SMALL, quick: parseStudyConfig({ preset: 'quick' }) } as const;
export type PresetName = keyof typeof PRESETS;

/** The keys that the page has controls for, as the address has them behind `study.`. */
export const WORDS = ['sizes', 'trials', 'iterations', 'seed'] as const;
export type Word = (typeof WORDS)[number];

export function presetIn(kept: Kept): PresetName {
  const named = kept['study.preset'];
  if (named === undefined) return 'small';
  const found = Object.keys(PRESETS).find((name): name is PresetName => name === named);
  if (found) return found;
  throw new EspalierError(
    'bad-config',
    `The link's "study.preset" must be ${Object.keys(PRESETS).join(' or ')}, not ${quoted(named)}.`,
  );
}

/**
 * The study that the address describes. A key that the address lacks has the preset's value. When
 * the iterations differ from the preset's, `pruneEvery` is scaled, so that the number of
 * checkpoints stays the same.
 *
 * @param data where the images lie, for the report.
 * @throws bad-config naming the first wrong key.
 */
export function configIn(kept: Kept, data: string): StudyConfig {
  const preset = PRESETS[presetIn(kept)];
  const given: Record<string, unknown> = {};
  for (const word of WORDS) {
    const text = kept[`study.${word}`];
    if (text !== undefined)
      given[word] = word === 'sizes' ? text.split(',').map(number) : number(text);
  }
  const { iterations = preset.iterations } = given as { iterations?: number };
  const scaled = Math.round((preset.pruneEvery * iterations) / preset.iterations);
  return parseStudyConfig({
    ...preset,
    preset: 'quick',
    ...given,
    pruneEvery: Number.isFinite(scaled) ? Math.max(1, scaled) : preset.pruneEvery,
    data,
  });
}

function number(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
