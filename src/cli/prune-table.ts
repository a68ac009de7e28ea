import Table from 'cli-table3';
import type { PruneModelSummary } from '../experiment/model/prune/model.js';
import { type FileBytes, prunedNetworkRows } from '../report/prune-table.js';
import { plural } from '../text.js';
import { percent } from './progress.js';

const BUDGETS = {
  multiplyAdds: 'multiply-adds',
  parameters: 'parameters',
  milliseconds: "milliseconds a picture, by the layers' times",
} as const;

/** Characters of a unit's bar. */
const BAR = 24;

/** The closing table of a pruning: the networks side by side, and what is left of each unit. */
export function pruneTable(summary: PruneModelSummary, bytes: FileBytes): string {
  const { units, agreement, divergence } = summary;
  const { head, rows } = prunedNetworkRows(summary, bytes);
  const [, ...networks] = head;
  const table = new Table({
    head: [...head],
    colAligns: ['left', ...networks.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  table.push(...rows.map((row) => [...row]));
  const widest = Math.max(...units.map(({ unit }) => unit.length));
  const bars = units.map(({ unit, kept, channels }) => {
    const filled = Math.round((BAR * kept.length) / channels);
    return `${unit.padEnd(widest)}  ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}  ${kept.length} of ${channels}`;
  });
  const { of, asked, reached } = summary.budget;
  return [
    table.toString(),
    asked === undefined
      ? `By the tolerance of each unit ${reached.toPrecision(3)} of the ${BUDGETS[of]} is left.`
      : `Asked for ${asked.toPrecision(3)} of the ${BUDGETS[of]}; ${reached.toPrecision(3)} is left.`,
    `Without fine-tuning the pruned network gives the dense one's answer for ${percent(agreement)} of the ${plural(summary.calibration, 'calibration picture')} (divergence ${divergence.toPrecision(3)} nats).`,
    '',
    ...bars,
    '',
    `Adapter: ${summary.adapter.name}. Budgets took ${summary.seconds.curves.toFixed(1)} s, cutting ${summary.seconds.cutting.toFixed(1)} s.`,
  ].join('\n');
}
