import { Resvg } from '@resvg/resvg-js';
import { parseHTML } from 'linkedom';
import { type BenchPageInput, benchPage } from '../../bench/page.js';
import type { RunFile } from '../experiment/run-files.js';
import { type ComparisonInput, comparisonPage } from '../report/comparison-page.js';
import { type ModelComparisonInput, modelComparisonPage } from '../report/model-comparison-page.js';
import { type ModelReportInput, modelReportFiles } from '../report/model-study-page.js';
import { type PruneReport, prunePage } from '../report/prune-page.js';
import { type ReportInput, reportFiles } from '../report/study-page.js';
import { inLight, LIGHT } from '../report/style.js';

// A document, plots and pictures for Node take longer to load than all other parts of a command
// together: import this module where something is drawn, and not before.

/** Pixels of a PNG for each unit of a figure. */
const PNG_SCALE = 2;

/** The files of a study's report, each figure as a PNG too. */
export function studyFiles(input: Omit<ReportInput, 'document'>): readonly RunFile[] {
  return withPngs(reportFiles({ ...input, document: emptyDocument() }));
}

/** The same of a study of a deep network. */
export function modelStudyFiles(input: Omit<ModelReportInput, 'document'>): readonly RunFile[] {
  return withPngs(modelReportFiles({ ...input, document: emptyDocument() }));
}

function withPngs(files: readonly RunFile[]): readonly RunFile[] {
  return files.flatMap((file) => {
    if (!file.name.endsWith('.svg')) return [file];
    return [file, pngFromSvg(file.name, new TextDecoder().decode(file.bytes))];
  });
}

/** The page of a comparison, and its figures as SVG and PNG. */
export function comparisonFiles(input: Omit<ComparisonInput, 'document'>): readonly RunFile[] {
  return filesOfComparison(comparisonPage({ ...input, document: emptyDocument() }));
}

/** The page of a comparison of prunings, and its figures as SVG and PNG. */
export function modelComparisonFiles(
  input: Omit<ModelComparisonInput, 'document'>,
): readonly RunFile[] {
  return filesOfComparison(modelComparisonPage({ ...input, document: emptyDocument() }));
}

function filesOfComparison({ html, figures }: ReturnType<typeof comparisonPage>) {
  const drawn = [...figures].flatMap(([name, { svg }]) => {
    const light = inLight(svg);
    return [textFile(`${name}.svg`, light), pngFromSvg(`${name}.svg`, light)];
  });
  return [...drawn, textFile('comparison.html', html)];
}

/** The page of a pruning. */
export function pruneHtml(report: Omit<PruneReport, 'document'>): string {
  return prunePage({ ...report, document: emptyDocument() });
}

/** The page of a benchmark. */
export function benchHtml(input: Omit<BenchPageInput, 'document'>): string {
  return benchPage({ ...input, document: emptyDocument() });
}

function emptyDocument(): Document {
  return parseHTML('<!doctype html><html><body></body></html>').document;
}

function textFile(name: string, content: string): RunFile {
  return { name, bytes: new TextEncoder().encode(content) };
}

function pngFromSvg(name: string, svg: string): RunFile {
  const background = LIGHT.ground ?? 'white';
  const picture = new Resvg(svg, { background, fitTo: { mode: 'zoom', value: PNG_SCALE } });
  return { name: name.replace(/svg$/, 'png'), bytes: picture.render().asPng() };
}
