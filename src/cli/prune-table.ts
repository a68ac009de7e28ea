import Table from 'cli-table3';
import type { EvaluateSummary } from '../experiment/model/evaluate.js';
import type { PruneModelSummary } from '../experiment/model/prune/model.js';
import { grouped, plural } from '../text.js';
import { percent } from './progress.js';

const BUDGETS = {
  multiplyAdds: 'multiply-adds',
  parameters: 'parameters',
  milliseconds: "milliseconds a picture, by the layers' times",
} as const;

/** Characters of a unit's bar. */
const BAR = 24;

/**
 * The closing table of a pruning: the networks side by side, and what is left of each unit.
 *
 * @param bytes of the file of the pruned network, and of the dense one's in the same form.
 */
export function pruneTable(
  summary: PruneModelSummary,
  bytes: { readonly pruned: number; readonly dense: number },
): string {
  const { dense, pruned, fineTuned, denseFineTuned, fromScratch, units, agreement, divergence } =
    summary;
  const networks: readonly (readonly [string, EvaluateSummary])[] = [
    ['dense', dense],
    ['pruned', pruned],
    ...(fineTuned ? [['fine-tuned', fineTuned] as const] : []),
    ...(denseFineTuned ? [['dense, fine-tuned', denseFineTuned] as const] : []),
    ...(fromScratch ? [['from scratch', fromScratch] as const] : []),
  ];
  const table = new Table({
    head: ['', ...networks.map(([name]) => name)],
    colAligns: ['left', ...networks.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  const row = (label: string, value: (figures: EvaluateSummary) => string) =>
    table.push([label, ...networks.map(([, figures]) => value(figures))]);
  const shareOf = (value: number, whole: number) =>
    value === whole ? grouped(value) : `${grouped(value)} (${percent(value / whole)})`;
  row('multiply-adds', ({ multiplyAdds }) => shareOf(multiplyAdds, dense.multiplyAdds));
  row('parameters', ({ parameters }) => shareOf(parameters, dense.parameters));
  table.push([
    'file bytes',
    ...networks.map(([name]) =>
      shareOf(name.startsWith('dense') ? bytes.dense : bytes.pruned, bytes.dense),
    ),
  ]);
  for (const [at, { batch }] of dense.milliseconds.entries()) {
    row(`ms a picture, ${plural(batch, 'picture')} at once`, ({ milliseconds }) =>
      (milliseconds[at]?.perPicture ?? Number.NaN).toPrecision(3),
    );
  }
  row('right answers', ({ accuracy }) =>
    accuracy === undefined ? 'no labels' : percent(accuracy),
  );
  const widest = Math.max(...units.map(({ unit }) => unit.length));
  const bars = units.map(({ unit, kept, channels }) => {
    const filled = Math.round((BAR * kept.length) / channels);
    return `${unit.padEnd(widest)}  ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}  ${kept.length} of ${channels}`;
  });
  const { of, asked, reached } = summary.budget;
  return [
    table.toString(),
    `Asked for ${asked.toPrecision(3)} of the ${BUDGETS[of]}; ${reached.toPrecision(3)} is left.`,
    `Without fine-tuning the pruned network gives the dense one's answer for ${percent(agreement)} of the ${plural(summary.calibration, 'calibration picture')} (divergence ${divergence.toPrecision(3)} nats).`,
    '',
    ...bars,
    '',
    `Adapter: ${summary.adapter.name}. Budgets took ${summary.seconds.curves.toFixed(1)} s, cutting ${summary.seconds.cutting.toFixed(1)} s.`,
  ].join('\n');
}
