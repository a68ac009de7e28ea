import Table from 'cli-table3';
import { hullFloor, type RunTheory } from '../experiment/guarantee.js';
import type { Figures, RunSummary } from '../experiment/run-events.js';
import { grouped, mebibytes, plural } from '../text.js';
import { percent } from './progress.js';

/** The closing table of a run: the three networks side by side. */
export function summaryTable(summary: RunSummary): string {
  const { dense, subnetwork, fineTuned, adapter, memory } = summary;
  const networks: readonly (readonly [string, Figures])[] = [
    ['dense', dense],
    ['subnetwork', subnetwork],
    ...(fineTuned ? [['fine-tuned', fineTuned] as const] : []),
  ];
  const table = new Table({
    head: ['', ...networks.map(([name]) => name)],
    colAligns: ['left', ...networks.map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  const row = (label: string, value: (figures: Figures) => string) =>
    table.push([label, ...networks.map(([, figures]) => value(figures))]);
  row('neurons', ({ width }) => grouped(width));
  row('parameters', ({ parameters }) => grouped(parameters));
  row('FLOPs per example', ({ flopsPerExample }) => grouped(flopsPerExample));
  row('training loss', ({ trainingLoss }) => trainingLoss.toFixed(5));
  row('test accuracy', ({ testAccuracy }) => percent(testAccuracy));
  row('seconds', ({ seconds }) => seconds.toFixed(2));
  return [
    table.toString(),
    verdict(summary),
    theoryLine(summary.theory),
    `Adapter: ${adapter.name}. This run took ${summary.seconds.toFixed(1)} s; peak memory ${mebibytes(memory.peak)} for ${mebibytes(memory.data)} of data, ${mebibytes(memory.network)} of network and ${mebibytes(memory.activations)} of activations.`,
  ].join('\n');
}

/** One sentence for what the figures mean. */
function verdict({ dense, subnetwork, fineTuned }: RunSummary): string {
  const best = fineTuned ?? subnetwork;
  const share = percent(best.parameters / dense.parameters);
  const points = 100 * (best.testAccuracy - dense.testAccuracy);
  const change =
    Math.abs(points) < 0.005
      ? 'the same test accuracy as'
      : `${Math.abs(points).toFixed(2)} points ${points > 0 ? 'more' : 'less'} test accuracy than`;
  return `With ${share} of the parameters the ${fineTuned ? 'fine-tuned ' : ''}subnetwork has ${change} the dense network.`;
}

/** What the theory says beside what was measured. */
function theoryLine(theory: RunTheory): string {
  if ('missing' in theory) return `No theoretical bound: ${theory.missing}.`;
  const { hull, bound, loss } = theory;
  const gap = `duality gap ${hull.gap.toExponential(1)}${hull.converged ? '' : ', more than asked for'}`;
  return `No mixture of the dense network's neurons has a training loss below ${hullFloor(hull)} (${gap}); after ${plural(loss.length, 'pick')} the theory guarantees ${bound.at(-1)?.toPrecision(3)}, measured ${loss.at(-1)?.toFixed(5)}.`;
}
