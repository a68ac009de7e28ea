import Table from 'cli-table3';
import { atEqualSteps, type Contestant } from '../experiment/controls.js';
import { hullFloor, type RunTheory } from '../experiment/guarantee.js';
import type { Figures, RunSummary } from '../experiment/run-events.js';
import type { RefitName } from '../prune/choices.js';
import { grouped, mebibytes, plural } from '../text.js';
import { percent } from './progress.js';

/**
 * The closing table of a run: its networks side by side.
 *
 * @param refit what of the subnetwork was refitted.
 */
export function summaryTable(summary: RunSummary, refit: RefitName): string {
  const { dense, subnetwork, fineTuned, denseFineTuned, fromScratch, adapter, memory } = summary;
  const networks: readonly (readonly [string, Figures])[] = [
    ['dense', dense],
    ['subnetwork', subnetwork],
    ...(fineTuned ? [['fine-tuned', fineTuned] as const] : []),
    ...(denseFineTuned ? [['dense, fine-tuned', denseFineTuned] as const] : []),
    ...(fromScratch ? [['from scratch', fromScratch] as const] : []),
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
    `${verdict(summary)}${UNLIKE[refit]}`,
    theoryLine(summary.theory),
    `Adapter: ${adapter.name}. This run took ${summary.seconds.toFixed(1)} s; peak memory ${mebibytes(memory.peak)} for ${mebibytes(memory.data)} of data, ${mebibytes(memory.network)} of network and ${mebibytes(memory.activations)} of activations.`,
  ].join('\n');
}

/** What the small networks had and the dense one had not. */
const UNLIKE: Readonly<Record<RefitName, string>> = {
  none: '',
  scale: unlike('by one factor for all output weights'),
  weights: unlike('all their output weights by least squares'),
};

function unlike(how: string): string {
  return ` Small networks were refitted, ${how}; the dense network was not. espalier compare refits it alike.`;
}

const CONTESTANTS: Readonly<Record<Contestant, string>> = {
  dense: 'the dense network',
  subnetwork: 'the subnetwork',
  fromScratch: "a network of the subnetwork's width from scratch",
};

/** What the figures mean, at equal steps where there are controls. */
function verdict(summary: RunSummary): string {
  const { dense, subnetwork, fineTuned } = summary;
  const [best, ...others] = atEqualSteps(summary);
  const small = fineTuned ?? subnetwork;
  const share = percent(small.parameters / dense.parameters);
  if (best) {
    const accuracy = ({ figures }: typeof best) => percent(figures.testAccuracy);
    const rest = others.map((one) => `${CONTESTANTS[one.name]} ${accuracy(one)}`).join(', ');
    const rank = others.some((one) => accuracy(one) === accuracy(best)) ? 'as good as any' : 'best';
    return `After the same steps ${CONTESTANTS[best.name]} is ${rank}: ${accuracy(best)} test accuracy, ${rest}. The subnetwork has ${share} of the parameters.`;
  }
  const points = 100 * (small.testAccuracy - dense.testAccuracy);
  const change =
    Math.abs(points) < 0.005
      ? 'the same test accuracy as'
      : `${Math.abs(points).toFixed(2)} points ${points > 0 ? 'more' : 'less'} test accuracy than`;
  const before = fineTuned ? ', which had fewer steps' : '';
  return `With ${share} of the parameters the ${fineTuned ? 'fine-tuned ' : ''}subnetwork has ${change} the dense network${before}.`;
}

/** What the theory says beside what was measured. */
function theoryLine(theory: RunTheory): string {
  if ('missing' in theory) return `No theoretical bound: ${theory.missing}.`;
  const { hull, bound, loss } = theory;
  const gap = `duality gap ${hull.gap.toExponential(1)}${hull.converged ? '' : ', more than asked for'}`;
  return `No mixture of the dense network's neurons has a training loss below ${hullFloor(hull)} (${gap}); after ${plural(loss.length, 'pick')} the theory guarantees ${bound.at(-1)?.toPrecision(3)}, measured ${loss.at(-1)?.toFixed(5)}.`;
}
