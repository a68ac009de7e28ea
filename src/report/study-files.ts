import type { RunFile } from '../experiment/run-files.js';
import { recordOfAnalyses } from '../study/analysis.js';
import { cellsCsv } from '../study/cell.js';
import { type ReportInput, studyReport } from './study-page.js';
import { inLight } from './style.js';

/** What a study's folder holds beside its records: tables, thresholds, the report, its figures. */
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
