import { max, mean } from 'simple-statistics';
import type { RunFile } from '../experiment/run-files.js';
import {
  type ModelAnalysis,
  recordOfModelAnalyses,
  sizesOfAnalysis,
} from '../study/model/analysis.js';
import { MODEL_CELLS, type ModelStudyCell } from '../study/model/cell.js';
import type { ModelStudyConfig } from '../study/model/config.js';
import { listStudiedModels, studiedModelText } from '../study/model/grid.js';
import { leftOutTexts } from '../study/model/left-out.js';
import { type StreamedRates, streamedText } from '../study/model/rates.js';
import { csvOfCells } from '../study/records.js';
import { grouped, plural } from '../text.js';
import { accuracyCurves, COURSES_DRAWN } from './accuracy-curves.js';
import {
  COLORS,
  createPaper,
  type Drawing,
  finishedDrawing,
  PAGE_WIDTHS,
  stacked,
  tiled,
} from './drawing.js';
import { eitherWidth, escaped, htmlPage, table } from './html.js';
import { modelHeatMap } from './model-heat-map.js';
import { controlRows, publishedRows, thenRows, thresholdText } from './model-study-table.js';
import { provenance } from './study-page.js';
import { inLight } from './style.js';
import { fitRows, percent } from './tables.js';
import { thresholdPlot } from './threshold-plot.js';
import { widthDepthPlots, widthDepthRows } from './width-depth.js';
import { capital, figure, fitText, listed } from './words.js';

/** What a report of a study of a deep network shows. */
export interface ModelReportInput {
  readonly config: ModelStudyConfig;
  readonly cells: readonly ModelStudyCell[];
  /** How many cells the whole study has. While it is unfinished, `cells` has fewer. */
  readonly expected: number;
  readonly analyses: readonly ModelAnalysis[];
  readonly versions: Readonly<Record<string, string>>;
  /** Creates the figures' elements. */
  readonly document: Document;
  /** The command that repeats the study. */
  readonly command: string;
  /** How its pictures were streamed, where they were too large to hold. */
  readonly streamed?: StreamedRates | undefined;
}

const TILE = 340;

/** A number stays beside its unit; a table that is too wide is scrolled. */
const STYLE = '.table:not(.fits) td { white-space: nowrap; }';

/** The files of a study that are derived from its cells: table, thresholds, report and figures. */
export function modelReportFiles(input: ModelReportInput): readonly RunFile[] {
  const { config, cells, analyses, expected, streamed } = input;
  const figures = new Map<string, Drawing>();
  const sections = analyses.map((analysis) => section(input, analysis, figures));
  const unfinished = `<p><strong>Unfinished:</strong> ${cells.length} of ${plural(expected, 'cell')} are done; only whole trials are shown.</p>`;
  const names = listed(config.architecture);
  const body = `<h1>How much pre-training is enough for ${escaped(names)}?</h1>
${cells.length < expected ? unfinished : ''}
${analyses.length > 0 ? `<p class="lead">${escaped(headline(config, analyses))}</p>` : '<p>No trial is finished yet, so there is nothing to draw.</p>'}
${analyses.length > 0 ? `<p>A subnetwork that is cut at a checkpoint is fine-tuned for ${plural(config.fineTune, config.iterations === undefined ? 'epoch' : 'step')}. The dense network that it is compared with has had all of pre-training${config.controls && config.fineTune > 0 ? ' and as much fine-tuning: never fewer steps' : ''}. Accuracies are of ${plural(config.trials, 'trial')} a size, on pictures that none was trained on.</p>` : ''}
${leftOutTexts(config, cells)
  .map((sentence) => `<p><strong>${escaped(sentence)}</strong></p>`)
  .join('\n')}
${widthAndDepth(input, figures)}
${sections.join('\n')}
${provenance({ ...input, pictures: streamed && streamedText(streamed) })}`;
  const title = `How much pre-training is enough? ${names}`;
  const thresholds = JSON.stringify(recordOfModelAnalyses(config, analyses), null, 2);
  return [
    text('cells.csv', csvOfCells(MODEL_CELLS, cells)),
    text('thresholds.json', `${thresholds}\n`),
    ...[...figures].map(([name, { svg }]) => text(`${name}.svg`, inLight(svg))),
    text('report.html', htmlPage({ title, style: STYLE, body })),
  ];
}

function text(name: string, content: string): RunFile {
  return { name, bytes: new TextEncoder().encode(content) };
}

function section(
  { config, document }: ModelReportInput,
  analysis: ModelAnalysis,
  figures: Map<string, Drawing>,
): string {
  const name = nameOfAnalysis(config, analysis);
  const wide = createPaper(document, PAGE_WIDTHS.wide);
  const narrow = createPaper(document, PAGE_WIDTHS.narrow);
  const both = (part: string, draw: (paper: typeof wide) => Drawing) => {
    const drawing = draw(wide);
    figures.set(`${part}-${name}`, drawing);
    return eitherWidth(drawing, draw(narrow));
  };
  const curves = accuracyCurves(createPaper(document, TILE), config, analysis);
  const tiles = tiled(curves, 3);
  const legend = createPaper(document, tiles.width).legend(
    COURSES_DRAWN.map(({ text, color }) => ({ mark: 'line', text, color })),
  );
  figures.set(
    `accuracy-${name}`,
    stacked(createPaper(document, tiles.width), [tiles, finishedDrawing(legend)]),
  );
  const sizes = sizesOfAnalysis(analysis);
  const last = max(analysis.courses.flat().map(({ iteration }) => iteration));
  const plotted = { sizes, last, finding: analysis };
  return `<section>
<h2>${escaped(capital(titleOfAnalysis(config, analysis)))}</h2>
<figure>
${both('heat-map', (paper) => modelHeatMap(paper, config, analysis))}
<figcaption>Points of accuracy that the fine-tuned subnetwork has more (blue) or fewer (red) than the fully trained dense network, by the dataset’s size and the share of pre-training before the cut. Means over trials.</figcaption>
</figure>
${table(publishedRows(config, analysis))}
<p>Accuracy of the subnetwork after each share of pre-training, of the fully trained dense network, what the cut left, and from which share on each trial’s subnetwork was as good${config.tolerance > 0 ? `, within ${figure(100 * config.tolerance)} points` : ''}. At 0 % it is picked at initialisation.</p>
<h3>In the course of pre-training</h3>
<figure>
<p class="key">${COURSES_DRAWN.map(({ text, color }) => `<span><i style="background: ${color}"></i>${escaped(text)}</span>`).join('')}</p>
<div class="tiles">${curves.map(({ svg }) => svg).join('\n')}</div>
<figcaption>Mean over trials, and the range from the lowest to the highest. The dashed line is the fully trained dense network.</figcaption>
</figure>
${table(controlRows(config, analysis))}
${withMagnitude(config, analysis)}
<h3>The threshold against the dataset’s size</h3>
<figure>
${both('thresholds', (paper) => thresholdPlot(paper, plotted))}
<figcaption>${escaped(capital(fitText(analysis)))}</figcaption>
</figure>
${analysis.fits.length > 0 ? table(fitRows(analysis)) : ''}
<p>Curves are fitted by maximum likelihood to intervals between checkpoints, in steps; thresholds that were never reached count as larger than the last one.</p>
</section>`;
}

/** What magnitude pruning behind the cut keeps, where the study asks for it. */
function withMagnitude(config: ModelStudyConfig, analysis: ModelAnalysis): string {
  if (!config.then) return '';
  const [, share] = config.then;
  return `<h3>With magnitude pruning</h3>
<p>Of the weights that the cut leaves, the ${figure(100 * share)} % of least magnitude are zeroed, and stay zero while the network is fine-tuned. Beside it stand the dense network with its smallest weights zeroed until exactly as many parameters are not zero, and the dense network cut to the most channels that leave no more parameters. Weights that are not zero are counted with biases and batch norms, as a share of the dense network’s. Accuracy after ${config.fineTune > 0 ? 'as many steps of fine-tuning' : 'pruning'}, a mean over trials.</p>
${table(thenRows(config, analysis))}`;
}

/** How pruned accuracy and thresholds move from network to network, where a study is of several. */
function widthAndDepth(
  { config, analyses, document }: ModelReportInput,
  figures: Map<string, Drawing>,
): string {
  if (listStudiedModels(config).length === 1 || analyses.length === 0) return '';
  const parts = config.criteria.map((criterion) => {
    const own = analyses.filter((analysis) => analysis.criterion === criterion);
    if (own.length === 0) return '';
    const plots = widthDepthPlots(createPaper(document, TILE), config, own);
    figures.set(`width-depth-${criterion}`, tiled(plots, 2));
    return `<h3>Channels chosen by ${escaped(criterion)}</h3>
<figure>
<p class="key"><span><i style="background: ${COLORS.subnetwork}"></i>subnetwork cut after all of pre-training, fine-tuned</span><span><i style="background: ${COLORS.dense}"></i>dense network, as many steps in all</span></p>
<div class="tiles">${plots.map(({ svg }) => svg).join('\n')}</div>
<figcaption>Accuracy, a mean over trials, and from which share of pre-training on each trial’s subnetwork was as good as its own fully trained dense network. A triangle is a trial in which it never was.</figcaption>
</figure>
${table(widthDepthRows(config, own))}`;
  });
  return `<section>
<h2>Width and depth</h2>
<p>Each network is cut to the same share, and compared with itself. Networks that are not whole trials yet are left out.</p>
${parts.join('\n')}
</section>`;
}

/** `group`; with several networks, `resnet20-w0.5-group`. */
function nameOfAnalysis(config: ModelStudyConfig, analysis: ModelAnalysis): string {
  const { architecture, width, criterion } = analysis;
  return listStudiedModels(config).length > 1
    ? `${architecture}-w${width}-${criterion}`
    : criterion;
}

function titleOfAnalysis(config: ModelStudyConfig, analysis: ModelAnalysis): string {
  const model = listStudiedModels(config).length > 1 ? `${studiedModelText(analysis)}, ` : '';
  return `${model}channels chosen by ${analysis.criterion}`;
}

/** What came out, for each criterion and size. */
function headline(config: ModelStudyConfig, analyses: readonly ModelAnalysis[]): string {
  const cells = analyses.flatMap(({ courses }) => courses.flat());
  const left = mean(cells.map((cell) => cell.multiplyAdds / cell.denseMultiplyAdds));
  const found = analyses.map((analysis) => {
    const sizes = sizesOfAnalysis(analysis).map(
      (size) => `${thresholdText(config, analysis, size)} for ${grouped(size)} pictures`,
    );
    return `${capital(titleOfAnalysis(config, analysis))}: ${sizes.join('; ')}.`;
  });
  return `From which share of pre-training on were subnetworks of ${percent(left, 0)} of the multiply-adds as good as the fully trained dense network? Trial by trial. ${found.join(' ')}`;
}
