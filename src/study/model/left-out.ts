import { plural } from '../../text.js';
import type { ModelStudyCell } from './cell.js';
import type { ModelStudyConfig } from './config.js';

/** Something that a cell is to be compared with and is not. */
interface LeftOut {
  /** As the tables name it. */
  readonly name: string;
  readonly because: string;
}

const DIVERGED = 'its training diverged';

/** What the cells are to be compared with and are not, with the reason: a sentence for each. */
export function leftOutTexts(
  config: ModelStudyConfig,
  cells: readonly ModelStudyCell[],
): readonly string[] {
  const counts = new Map<string, number>();
  for (const cell of cells) {
    for (const { name, because } of leftOut(config, cell)) {
      const what = `${name} (${because})`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  }
  return [...counts].map(
    ([what, count]) => `Left out of ${count} of ${plural(cells.length, 'cell')}: ${what}.`,
  );
}

/** The same of one cell, in words that follow on its figures; empty where all is there. */
export function leftOutText(config: ModelStudyConfig, cell: ModelStudyCell): string {
  return leftOut(config, cell)
    .map(({ name, because }) => `; without “${name}”: ${because}`)
    .join('');
}

function leftOut(config: ModelStudyConfig, cell: ModelStudyCell): readonly LeftOut[] {
  const compared = config.controls && (config.fineTune > 0 || config.trainBetween > 0);
  const trained: readonly (readonly [string, number | undefined])[] = [
    ...(compared
      ? [
          ['dense, trained on', cell.continuedTestAccuracy] as const,
          ['from scratch', cell.scratchTestAccuracy] as const,
        ]
      : []),
    ...(config.then
      ? [
          ['channels, then magnitude', cell.thenTestAccuracy] as const,
          ['magnitude alone', cell.magnitudeAloneTestAccuracy] as const,
          ['channels alone', cell.channelsAloneTestAccuracy] as const,
        ]
      : []),
  ];
  return trained.flatMap(([name, accuracy]) => {
    if (accuracy !== undefined) return [];
    const isUncut = name === 'channels alone' && cell.channelsAloneParameters === undefined;
    return [{ name, because: isUncut ? uncut(config) : DIVERGED }];
  });
}

/** Why the dense network was not cut to as few parameters as magnitude pruning leaves. */
function uncut({ trainBetween }: ModelStudyConfig): string {
  const few = 'the fewest channels leave more parameters';
  return trainBetween > 0 ? `${few}, or training between its units diverged` : few;
}
