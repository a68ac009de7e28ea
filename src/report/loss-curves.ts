import * as Plot from '@observablehq/plot';
import { max, mean, min } from 'simple-statistics';
import { type Analysis, analysedSizes } from '../study/analysis.js';
import { grouped } from '../text.js';
import { COLORS, type Drawing, finishedDrawing, logDomain, type Paper } from './drawing.js';
import { compact } from './words.js';

interface Band {
  readonly iteration: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * For each dataset size a plot of the training loss of the dense network and of its subnetwork
 * against iterations: the mean, and the range over trials.
 */
export function lossCurves(paper: Paper, analysis: Analysis): readonly Drawing[] {
  const domain = logDomain(
    analysis.courses.flat().flatMap(({ denseLoss, subnetworkLoss }) => [denseLoss, subnetworkLoss]),
  );
  return analysedSizes(analysis).map((size) => {
    const curve = (of: 'denseLoss' | 'subnetworkLoss', color: string) => {
      const bands = trialBands(analysis, size, of, domain[0]);
      return [
        Plot.areaY(bands, {
          x: 'iteration',
          y1: 'low',
          y2: 'high',
          fill: color,
          fillOpacity: 0.22,
        }),
        Plot.lineY(bands, { x: 'iteration', y: 'mean', stroke: color, strokeWidth: 2 }),
      ];
    };
    return finishedDrawing(
      Plot.plot({
        ...paper.plot(0.72),
        x: { label: 'iterations', ticks: 4 },
        y: {
          type: 'log',
          domain: [...domain],
          label: 'training loss',
          ticks: powersOfTen(domain),
          tickFormat: compact,
          grid: true,
        },
        marks: [
          ...curve('denseLoss', COLORS.dense),
          ...curve('subnetworkLoss', COLORS.subnetwork),
          Plot.text([`m = ${grouped(size)}`], {
            frameAnchor: 'top-right',
            fontWeight: 'bold',
            dy: -18,
          }),
        ],
      }),
    );
  });
}

function powersOfTen(domain: readonly number[]): readonly number[] {
  const [low = 0, high = 0] = domain.map((loss) => Math.floor(Math.log10(loss)));
  return Array.from({ length: high - low }, (_, i) => Number(`1e${low + 1 + i}`));
}

/**
 * Mean and range of a loss over the trials of one size. Losses under `least` are raised to it,
 * since 0 has no place on a logarithmic axis.
 */
function trialBands(
  { courses }: Analysis,
  size: number,
  of: 'denseLoss' | 'subnetworkLoss',
  least: number,
): readonly Band[] {
  const own = courses.filter(([{ examples }]) => examples === size);
  return (own[0] ?? []).map(({ iteration }, at) => {
    const losses = own.map((course) => Math.max(course[at]?.[of] ?? Number.NaN, least));
    return { iteration, mean: mean(losses), low: min(losses), high: max(losses) };
  });
}
