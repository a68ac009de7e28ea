import type { CompareModelConfig } from '../experiment/model/compare/config.js';
import type { CompareModelSummary } from '../experiment/model/compare/events.js';
import type { Sharing } from '../experiment/model/prune/events.js';
import { grouped, plural } from '../text.js';
import { createPaper, type Drawing, PAGE_WIDTHS, stacked } from './drawing.js';
import { eitherWidth, escaped, factList, htmlPage, table } from './html.js';
import { modelComparisonLegend, scoreAgainstWork } from './model-comparison-plot.js';
import { modelCellRows, modelComparisonRows, scoreOf } from './model-comparison-table.js';
import { capital } from './words.js';

export interface ModelComparisonInput {
  readonly architecture: string;
  readonly config: CompareModelConfig;
  readonly summary: CompareModelSummary;
  readonly versions: Readonly<Record<string, string>>;
  /** The command that makes it again. */
  readonly command: string;
  /** Where elements are made: a page's own document, or linkedom's in Node. */
  readonly document: Document;
}

const CAPTIONS: Readonly<Record<Sharing, string>> = {
  measured: 'Budgets shared among the units by what a cut of each alone does to the answers.',
  uniform: 'The same share of channels kept in every unit.',
};

/** Draws a comparison of prunings as a self-contained page, and its figures by name. */
export function modelComparisonPage(input: ModelComparisonInput): {
  readonly html: string;
  readonly figures: ReadonlyMap<string, Drawing>;
} {
  const { architecture, config, summary, versions, command, document } = input;
  const wide = createPaper(document, PAGE_WIDTHS.wide);
  const narrow = createPaper(document, PAGE_WIDTHS.narrow);
  const both = (draw: (paper: typeof wide) => Drawing) => eitherWidth(draw(wide), draw(narrow));
  const sharings = [...new Set(summary.cells.map(({ budgets }) => budgets))];
  const figures = new Map(
    sharings.map((sharing) => [
      sharing,
      stacked(wide, [
        scoreAgainstWork(wide, summary, sharing),
        modelComparisonLegend(wide, summary),
      ]),
    ]),
  );
  const score = scoreOf(summary);
  const facts = [
    ['adapter', summary.adapter.name],
    [
      'network',
      `${architecture}, ${grouped(summary.dense.multiplyAdds)} multiply-adds, ${grouped(summary.dense.parameters)} parameters, ${plural(summary.units.length, 'unit')} of channels`,
    ],
    [
      'pictures',
      `${grouped(summary.calibration)} to calibrate with, without their labels; ${grouped(summary.pictures)} to measure with`,
    ],
    ...(sharings.includes('measured') ? [['measured budgets', curvesText(config)] as const] : []),
    ['versions', Object.entries(versions).flat().join(' ')],
  ] as const;
  const title = `Ways to prune ${architecture}`;
  const body = `<h1>${escaped(title)}</h1>
<p class="lead">${escaped(headline(summary))}</p>
<figure>
${both((paper) => modelComparisonLegend(paper, summary))}
</figure>
${sharings
  .map(
    (sharing) => `<figure>
${both((paper) => scoreAgainstWork(paper, summary, sharing))}
<figcaption>${escaped(CAPTIONS[sharing])} Nothing is fine-tuned. Every line ends at the dense network.</figcaption>
</figure>`,
  )
  .join('\n')}
<h2>${escaped(capital(score.name))}, %</h2>
<p>A column for each budget: the share that is kept, of the multiply-adds where nothing else is said, and how it is shared among units. A star marks the best of a column. The dense network has ${(100 * score.dense).toFixed(1)}.</p>
${table(modelComparisonRows(summary))}
<h2>All figures</h2>
${table(modelCellRows(summary))}
<h2>How it was made</h2>
<pre>${escaped(command)}</pre>
${factList(facts)}`;
  return { html: htmlPage({ title, body }), figures };
}

/** By whose curves measured budgets are shared: it moves figures, so it is said wherever they are shown. */
function curvesText({ curves }: Pick<CompareModelConfig, 'curves'>): string {
  return curves === 'own'
    ? 'each criterion and refit by its own curves'
    : 'all criteria by the curves of group with refitted weights';
}

/** The best and the worst in one sentence, at the smallest budget of each sharing. */
function headline(summary: CompareModelSummary): string {
  const score = scoreOf(summary);
  const ranked = summary.cells.toSorted((a, b) => score.of(b) - score.of(a));
  const [share = 0] = summary.cells.map((cell) => cell.share).sort((a, b) => a - b);
  const smallest = ranked.filter((cell) => cell.share === share);
  const [best, worst] = [smallest[0], smallest.at(-1)];
  if (!best || !worst) return 'Nothing was compared.';
  const name = ({ criterion, refit, budgets }: typeof best) =>
    `“${criterion}” (refit: ${refit}; budgets: ${budgets})`;
  const value = (cell: typeof best) => `${(100 * score.of(cell)).toFixed(1)} %`;
  const cost = best.of === 'parameters' ? 'parameters' : 'multiply-adds';
  return `With ${share} of its ${cost} and no fine-tuning the network keeps ${value(best)} ${score.name} by ${name(best)} and ${value(worst)} by ${name(worst)}; dense it has ${(100 * score.dense).toFixed(1)} %.`;
}
