import type { Budgeted } from '../../src/index.js';
import type { ResultView, Standing } from './protocol.js';

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

/** What was tried for budgets of that kind under all the choices of now: it says what another try would give. */
export function triedUnder(
  standing: Pick<Standing, 'results' | 'units'> | undefined,
  of: Budgeted,
): readonly ResultView[] {
  return (standing?.results ?? []).filter(
    ({ current, choice, budget }) => current && choice === standing?.units && budget.of === of,
  );
}
