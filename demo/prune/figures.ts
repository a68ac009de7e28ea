import type { Budgeted } from '../../src/index.js';
import type { ResultView } from './protocol.js';

/** What a budget counts, as it stands in a sentence. */
export const COUNTED_WORDS: Readonly<Record<Budgeted, string>> = {
  multiplyAdds: 'multiply-adds',
  parameters: 'parameters',
  milliseconds: 'time',
};

/** 318704 → `319 kB` */
export function fileSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toPrecision(3)} MB`;
}

/** How well a cut network answers: right answers where there are labels, otherwise the same answers. */
export function quality({ pruned, agreement }: ResultView): number {
  return pruned.accuracy ?? agreement;
}
