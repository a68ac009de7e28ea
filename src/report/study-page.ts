import { max } from 'simple-statistics';
import type { RunFile } from '../experiment/run-files.js';
import {
  type Analysis,
  analysedSizes,
  type Finding,
  meanThresholds,
  recordOfAnalyses,
} from '../study/analysis.js';
import { type Cell, cellsCsv } from '../study/cell.js';
import type { StudyConfig } from '../study/study-config.js';
import { grouped, plural } from '../text.js';
import {
  COLORS,
  createPaper,
  type Drawing,
  finishedDrawing,
  PAGE_WIDTHS,
  stacked,
  tiled,
} from './drawing.js';
import { heatMap } from './heat-map.js';
import { eitherWidth, escaped, factList, htmlPage, table } from './html.js';
import { lossCurves } from './loss-curves.js';
import { inLight } from './style.js';
import { endRows, fitRows, thresholdRows } from './tables.js';
import { thresholdPlot } from './threshold-plot.js';
import { capital, criterionText, figure, fitText, settingText } from './words.js';

/** What a report shows. */
export interface ReportInput {
  readonly config: StudyConfig;
  readonly cells: readonly Cell[];
  /** How many cells the whole study has. While it is unfinished, `cells` has fewer. */
  readonly expected: number;
  readonly analyses: readonly Analysis[];
  /** `espalier 0.1.0`, `node 20.20.2` and the like. */
  readonly versions: Readonly<Record<string, string>>;
  /** Creates the figures' elements: the page's document, or linkedom's in Node. */
  readonly document: Document;
  /** The command that repeats the study. With it, the report says that figures lie beside it. */
  readonly command?: string;
}

export interface Report {
  readonly html: string;
  /** The figures by name, for files of their own. */
  readonly figures: ReadonlyMap<string, Drawing>;
}

const TILE = 340;

/** The whole report. The same input gives the same text. */
export function studyReport(input: ReportInput): Report {
  const { config, analyses, cells, expected } = input;
  const figures = new Map<string, Drawing>();
  const sections = analyses.map((analysis, at) => {
    const suffix = analyses.length > 1 ? `-${at + 1}` : '';
    return section(input, analysis, (name, drawing) => figures.set(`${name}${suffix}`, drawing));
  });
  const unfinished =
    cells.length < expected
      ? `<p><strong>Unfinished:</strong> ${cells.length} of ${plural(expected, 'cell')} are done; only whole trials are shown.</p>`
      : '';
  const body = `<h1>How much pre-training is enough to discover a good subnetwork?</h1>
${unfinished}
${analyses.length > 0 ? '' : '<p>No trial is finished yet, so there is nothing to draw.</p>'}
${sections.join('\n')}
${provenance(input)}`;
  const html = htmlPage({ title: `How much pre-training is enough? ${config.task}`, body });
  return { html, figures };
}

/** The files of a study that are derived from its cells: table, thresholds, report and figures. */
export function reportFiles(input: ReportInput): readonly RunFile[] {
  const { html, figures } = studyReport(input);
  return [
    text('cells.csv', cellsCsv(input.cells)),
    text('thresholds.json', `${JSON.stringify(recordOfAnalyses(input.analyses), null, 2)}\n`),
    ...[...figures].map(([name, { svg }]) => text(`${name}.svg`, inLight(svg))),
    text('report.html', html),
  ];
}

function text(name: string, content: string): RunFile {
  return { name, bytes: new TextEncoder().encode(content) };
}

function section(
  { config, analyses, document }: ReportInput,
  analysis: Analysis,
  keep: (name: string, drawing: Drawing) => void,
): string {
  const wide = createPaper(document, PAGE_WIDTHS.wide);
  const narrow = createPaper(document, PAGE_WIDTHS.narrow);
  const tile = createPaper(document, TILE);
  const both = (name: string, draw: (paper: typeof wide) => Drawing) => {
    const drawing = draw(wide);
    keep(name, drawing);
    return eitherWidth(drawing, draw(narrow));
  };
  const curves = lossCurves(tile, analysis);
  const tiles = tiled(curves, 3);
  const networks = createPaper(document, tiles.width).legend([
    { mark: 'line', color: COLORS.dense, text: 'dense network' },
    { mark: 'line', color: COLORS.subnetwork, text: 'subnetwork pruned from it' },
  ]);
  keep(
    'loss-curves',
    stacked(createPaper(document, tiles.width), [tiles, finishedDrawing(networks)]),
  );
  const { absolute, relative, courses } = analysis;
  const sizes = analysedSizes(analysis);
  const last = max(courses.flat().map(({ iteration }) => iteration));
  const findings = [
    { name: 'thresholds-absolute', finding: absolute },
    { name: 'thresholds-relative', finding: relative },
  ];
  return `<section>
${analyses.length > 1 ? `<h2>${escaped(capital(settingText(analysis.setting)))}</h2>` : ''}
<p class="lead">${escaped(headline(analysis))}</p>
<figure>
${both('heat-map', (paper) => heatMap(paper, analysis))}
<figcaption>How good a subnetwork of ${plural(analysis.setting.picks, 'pick')} is, by the dataset’s size and the iterations of pre-training before it was pruned. The lines are the mean thresholds: from there on, more pre-training no longer matters by that criterion.</figcaption>
</figure>
<h2>When was it enough?</h2>
<p>Absolute: the first checkpoint from which the subnetwork’s training loss stays at or below ${criterionFigure(absolute)}${config.level === undefined ? ', a level that every trial reaches' : ''}. Relative: the first from which it stays within ${figure(100 * config.tolerance)} % of the way between its loss without pre-training and the best that the trial reaches.</p>
${findings
  .map(
    ({
      name,
      finding,
    }) => `<h3>${escaped(capital(finding.criterion.name))}: ${escaped(criterionText(finding))}</h3>
<figure>
${both(name, (paper) => thresholdPlot(paper, { sizes, last, finding }))}
<figcaption>${escaped(capital(fitText(finding)))}</figcaption>
</figure>
${finding.fits.length > 0 ? table(fitRows(finding)) : ''}`,
  )
  .join('\n')}
<p>The curves are fitted by maximum likelihood to intervals between checkpoints, and thresholds that were never reached count as larger than the last one. Intervals are bootstrapped over trials. Less AICc is better, and a difference below 2 says little; the weight is the curve’s share of the support. ${theoryText(analysis)}</p>
<h2>Thresholds</h2>
<p>One value for each trial. The last two columns: the share of pre-training at which the subnetwork first was as good as the dense network after all of it.</p>
${table(thresholdRows(analysis))}
<h2>Loss in the course of pre-training</h2>
<figure>
<p class="key"><span><i style="background: var(--dense)"></i>dense network</span><span><i style="background: var(--subnetwork)"></i>subnetwork pruned from it</span></p>
<div class="tiles">${curves.map(({ svg }) => svg).join('\n')}</div>
<figcaption>Training loss: mean over trials, and the range from the lowest to the highest trial.</figcaption>
</figure>
<h2>At the end of pre-training</h2>
${table(endRows(analysis))}
</section>`;
}

function theoryText({ courses, setting }: Analysis): string {
  return courses.flat().some(({ inputs }) => inputs)
    ? `The theory’s curve has ρ(m) = ${setting.batch === 'full' ? 'd/m' : 'd/m²'} and one free constant, which 1 − c·ρ(m) > 0 bounds: it says what is sufficient, so it may lie far from what was needed.`
    : 'The theory’s curve is left out: the records of this study do not tell the number of inputs d, which it needs.';
}

/**
 * Sentences that say, for each criterion, how the threshold grows with m and which curve fits best.
 */
function headline(analysis: Analysis): string {
  const { absolute, relative, setting } = analysis;
  return [
    `How long must a network be pre-trained before a good subnetwork of ${plural(setting.picks, 'pick')} can be pruned from it? ${movement(absolute)}`,
    movement(relative),
  ].join(' ');
}

function movement(finding: Finding): string {
  const points = meanThresholds(finding);
  const [first] = points;
  const last = points.at(-1);
  const name = `By the ${finding.criterion.name} criterion (${criterionText(finding)})`;
  if (!first || !last || points.length < 2) {
    return `${name} too few thresholds were reached to say how they move.`;
  }
  const [from, to] = [first, last].map(([, iterations]) => figure(Math.round(iterations)));
  const [fewest, most] = [first, last].map(([examples]) => grouped(examples));
  return `${name} it took ${from} iterations for ${fewest} training examples and ${to} for ${most}; ${fitText(finding)}`;
}

function criterionFigure({ criterion }: Finding): string {
  return criterion.name === 'absolute' ? String(criterion.level) : '';
}

/** How a study was made: adapter, work, versions, configuration. */
export function provenance({
  config,
  cells,
  versions,
  command,
  pictures,
}: {
  readonly config: object;
  readonly cells: readonly { readonly seconds: number; readonly adapter: string }[];
  readonly versions: Readonly<Record<string, string>>;
  readonly command?: string | undefined;
  /** What is said of how they were read. */
  readonly pictures?: string | undefined;
}): string {
  const seconds = cells.reduce((sum, cell) => sum + cell.seconds, 0);
  const adapters = [...new Set(cells.map(({ adapter }) => adapter))];
  const facts: readonly (readonly [string, string])[] = [
    ['adapter', adapters.join('; ') || '–'],
    ['work', `${plural(cells.length, 'cell')}, ${grouped(Math.round(seconds))} s`],
    ...(pictures ? [['pictures', pictures] as const] : []),
    [
      'versions',
      Object.entries(versions)
        .map((pair) => pair.join(' '))
        .join(', '),
    ],
    ...Object.entries(config).map(
      ([key, value]) => [key, String(value).replaceAll(',', ', ')] as const,
    ),
  ];
  return `<section>
<h2>How it was made</h2>
${command ? `<pre>${escaped(command)}</pre>` : '<p>In a web page, which keeps its own copy of the images.</p>'}
${factList(facts)}
<p>All cells are in <code>cells.csv</code>, thresholds and fits in <code>thresholds.json</code>${command ? ', the figures as SVG and PNG files beside this page' : ''}.</p>
</section>`;
}
