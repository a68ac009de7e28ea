import type { Finding } from '../../src/index.js';
import { listed, tooFewPoints } from '../../src/report/words.js';
import { meanThresholds } from '../../src/study/analysis.js';
import { grouped, plural } from '../../src/text.js';

/** Of so many trials each is told; of more, the first and the last. */
const MOST_TOLD = 3;

/** The answer as it stands, and how sure it is; undefined before there is one. */
export interface Answer {
  /** Steps for the fewest and the most examples, with the trials that say so. */
  readonly text: string;
  /** What is wrong with taking that for certain. */
  readonly caution?: string;
}

export function answerOf(finding: Finding, complete: boolean): Answer | undefined {
  const means = meanThresholds(finding);
  const [few, many] = [means[0], means.at(-1)];
  if (!few || !many) return undefined;
  const trialsAt = (size: number) =>
    finding.thresholds.flatMap(({ examples, iteration }) =>
      examples === size && iteration !== null ? [iteration] : [],
    );
  const ends = few === many ? [few] : [few, many];
  const counts = ends.map(([examples]) => trialsAt(examples).length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const from = least === most ? plural(most, 'trial') : `${least} to ${most} trials`;
  const told = ends.map(([examples, steps]) => {
    const trials = trialsText(trialsAt(examples));
    return `${plural(Math.round(steps), 'step')} for ${grouped(examples)} examples${trials}`;
  });
  const caution = cautionOf(finding);
  return {
    text: `Enough ${complete ? 'here' : 'so far'}, from ${from}${ends.length > 1 ? ' each' : ''}: ${told.join(', ')}.`,
    ...(caution && { caution }),
  };
}

function trialsText(iterations: readonly number[]): string {
  const own = iterations.toSorted((a, b) => a - b);
  if (own.length < 2) return '';
  const names = own.map(grouped);
  return ` (${own.length > MOST_TOLD ? `${names[0]} to ${names.at(-1)}` : listed(names)})`;
}

function cautionOf(finding: Finding): string {
  const few = tooFewPoints(finding);
  const never = finding.thresholds.flatMap(({ examples, iteration }) =>
    iteration === null ? [examples] : [],
  );
  const sizes = [...new Set(never)].toSorted((a, b) => a - b).map(grouped);
  return [
    ...(few ? [`${few} are few: more trials may move these steps.`] : []),
    ...(sizes.length > 0
      ? [`With ${listed(sizes)} examples there was a trial for which no training here was enough.`]
      : []),
  ].join(' ');
}
