import type { CompareSummary } from '../experiment/compare-events.js';
import { hullFloor } from '../experiment/guarantee.js';
import { MOST_REFITTED } from '../experiment/refit.js';
import type { RunConfig } from '../experiment/run-config.js';
import { plural } from '../text.js';
import { comparisonLegend, lossAgainstPicks, stagesAgainstPicks } from './comparison-plot.js';
import { comparisonRows, NAMES } from './comparison-table.js';
import { createPaper, type Drawing, PAGE_WIDTHS, type Paper, stacked, tiled } from './drawing.js';
import { eitherWidth, escaped, factList, htmlPage, table } from './html.js';
import { figure } from './words.js';

export interface ComparisonInput {
  readonly config: RunConfig;
  readonly summary: CompareSummary;
  readonly versions: Readonly<Record<string, string>>;
  /** The command that repeats the comparison. */
  readonly command: string;
  /** Creates the figures' elements: the page's document, or linkedom's in Node. */
  readonly document: Document;
}

/** A comparison as a self-contained page, and its figures by name for files of their own. */
export function comparisonPage(input: ComparisonInput): {
  readonly html: string;
  readonly figures: ReadonlyMap<string, Drawing>;
} {
  const { config, summary, versions, command, document } = input;
  const wide = createPaper(document, PAGE_WIDTHS.wide);
  const half = createPaper(document, PAGE_WIDTHS.wide / 2);
  const narrow = createPaper(document, PAGE_WIDTHS.narrow);
  const { adapter, guarantee } = summary;
  const { guarantee: _, ...measured } = summary;
  const losses = (paper: Paper, tile: Paper, columns: number) =>
    stacked(paper, [
      lossAgainstPicks(paper, summary),
      tiled(stagesAgainstPicks(tile, summary, 'trainingLoss', 1), columns),
    ]);
  const accuracies = (tile: Paper, columns: number) =>
    tiled(stagesAgainstPicks(tile, summary, 'testAccuracy'), columns);
  // The guarantee is about the loss, so the plots of accuracy show none.
  const drawn = {
    loss: { of: summary, wide: losses(wide, half, 2), narrow: losses(narrow, narrow, 1) },
    accuracy: { of: measured, wide: accuracies(half, 2), narrow: accuracies(narrow, 1) },
  };
  const figures = new Map(
    Object.entries(drawn).map(
      ([name, one]) => [name, stacked(wide, [one.wide, comparisonLegend(wide, one.of)])] as const,
    ),
  );
  const theory = guarantee
    ? `<p>No mixture of these neurons can have a training loss below ${hullFloor(guarantee.hull)}: that is the best in the convex hull of their outputs (found to a duality gap of ${guarantee.hull.gap.toExponential(1)}${guarantee.hull.converged ? '' : ', more than was asked for'}). The hull’s squared diameter is ${figure(guarantee.diameter)} an example, and with it the theory guarantees greedy selection the dotted curve, which falls as (ln k)/k. Least squares may leave the hull and go below it.</p>`
    : '';
  const facts = [
    ['adapter', adapter.name],
    ['data', `${config.data}, ${config.task}, ${plural(config.examples, 'example')}`],
    [
      'network',
      `${plural(config.width, 'neuron')}, ${config.activation}, ${plural(config.iterations, 'iteration')}`,
    ],
    ['versions', Object.entries(versions).flat().join(' ')],
  ] as const;
  const body = `<h1>Ways to prune one network</h1>
<p class="lead">${escaped(headline(summary))}</p>
<figure>
${eitherWidth(comparisonLegend(wide, summary), comparisonLegend(narrow, summary))}
${eitherWidth(drawn.loss.wide, drawn.loss.narrow)}
<figcaption>Training loss against the number of picks, both on logarithmic axes: after each pick, and at the sizes asked for after what followed. All methods prune the same network; a neuron that greedy selection picks again counts as a pick. Refitted: ${REFITTED[config.refit]}. Fine-tuned: ${plural(config.fineTune, 'step')} more, of the dense network too.</figcaption>
</figure>
${theory}
<h2>On examples it has not seen</h2>
<figure>
${eitherWidth(drawn.accuracy.wide, drawn.accuracy.narrow)}
<figcaption>Test accuracy at the sizes asked for. The dashed line is the dense network, refitted and fine-tuned alike; it is left out where it was not.${config.refit !== 'none' && config.width > MOST_REFITTED ? ` A network of more than ${MOST_REFITTED} neurons is not refitted.` : ''}</figcaption>
</figure>
<h2>All figures</h2>
${table(comparisonRows(summary))}
<h2>How it was made</h2>
<pre>${escaped(command)}</pre>
${factList(facts)}`;
  return { html: htmlPage({ title: 'Ways to prune one network', body }), figures };
}

const REFITTED: Readonly<Record<RunConfig['refit'], string>> = {
  none: 'nothing',
  scale: 'one factor for all output weights, by least squares on the training examples',
  weights: 'all output weights, by least squares on the training examples',
};

/** The comparison in one sentence, each method at its largest size: some have no larger ones. */
function headline({ rows, dense }: CompareSummary): string {
  const ranked = [...new Map(rows.map((row) => [row.method, row])).values()].sort(
    (a, b) => a.trainingLoss - b.trainingLoss,
  );
  const [best, ...others] = ranked;
  if (!best) return 'Nothing was compared.';
  const worst = others.at(-1);
  const after = (picks: number) => `with ${plural(picks, 'pick')}`;
  const first = `“${NAMES[best.method]}” comes to a training loss of ${figure(best.trainingLoss)} ${after(best.picks)}`;
  const last = worst
    ? ` and “${NAMES[worst.method]}” to ${figure(worst.trainingLoss)} ${after(worst.picks)}`
    : '';
  return `${first}${last}; the dense network has ${figure(dense.loss)}.`;
}
