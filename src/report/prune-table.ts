import type { EvaluateSummary } from '../experiment/model/evaluate.js';
import type { PruneModelSummary } from '../experiment/model/prune/model.js';
import { grouped, plural } from '../text.js';
import { percent, type Rows } from './tables.js';

/** Bytes of the file of the pruned network, and of the dense one's in the same form. */
export interface FileBytes {
  readonly pruned: number;
  readonly dense: number;
}

/** The networks of a pruning side by side: what each costs, and how well it answers. */
export function prunedNetworkRows(summary: PruneModelSummary, bytes: FileBytes): Rows {
  const { dense, pruned, fineTuned, denseFineTuned, fromScratch } = summary;
  const networks: readonly (readonly [string, EvaluateSummary])[] = [
    ['dense', dense],
    ['pruned', pruned],
    ...(fineTuned ? [['fine-tuned', fineTuned] as const] : []),
    ...(denseFineTuned ? [['dense, fine-tuned', denseFineTuned] as const] : []),
    ...(fromScratch ? [['from scratch', fromScratch] as const] : []),
  ];
  const row = (label: string, value: (figures: EvaluateSummary) => string) => [
    label,
    ...networks.map(([, figures]) => value(figures)),
  ];
  const shareOf = (value: number, whole: number) =>
    value === whole ? grouped(value) : `${grouped(value)} (${percent(value / whole, 2)})`;
  return {
    head: ['', ...networks.map(([name]) => name)],
    rows: [
      row('multiply-adds', ({ multiplyAdds }) => shareOf(multiplyAdds, dense.multiplyAdds)),
      row('parameters', ({ parameters }) => shareOf(parameters, dense.parameters)),
      [
        'file bytes',
        ...networks.map(([name]) =>
          shareOf(name.startsWith('dense') ? bytes.dense : bytes.pruned, bytes.dense),
        ),
      ],
      ...dense.milliseconds.map(({ batch }, at) =>
        row(`ms a picture, ${plural(batch, 'picture')} at once`, ({ milliseconds }) =>
          (milliseconds[at]?.perPicture ?? Number.NaN).toPrecision(3),
        ),
      ),
      row('right answers', ({ accuracy }) =>
        accuracy === undefined ? 'no labels' : percent(accuracy, 2),
      ),
    ],
  };
}
