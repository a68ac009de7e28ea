import Table from 'cli-table3';
import { publishedRows } from '../report/model-study-table.js';
import {
  analyseModelStudy,
  type ModelAnalysis,
  recordOfModelAnalyses,
} from '../study/model/analysis.js';
import { MODEL_CELLS, type ModelStudyCell } from '../study/model/cell.js';
import type { ModelStudyConfig } from '../study/model/config.js';
import { csvOfCells } from '../study/records.js';
import { writeJson, writeWhole } from './files.js';

/** Writes the tables and thresholds of a study, and gives what is said of them. */
export async function drawModelReport(
  config: ModelStudyConfig,
  { path, cells }: { readonly path: string; readonly cells: readonly ModelStudyCell[] },
): Promise<{ readonly text: string; readonly record: object }> {
  const analyses = analyseModelStudy(config, cells);
  const csv = new TextEncoder().encode(csvOfCells(MODEL_CELLS, cells));
  await writeWhole(path, { name: 'cells.csv', bytes: csv });
  const record = recordOfModelAnalyses(config, analyses);
  await writeJson(path, 'thresholds.json', record);
  const text =
    analyses.length > 0
      ? analyses.map((analysis) => tableText(config, analysis)).join('\n')
      : 'No trial is finished yet.';
  return { text, record };
}

function tableText(config: ModelStudyConfig, analysis: ModelAnalysis): string {
  const { head, rows } = publishedRows(config, analysis);
  const table = new Table({
    head: [...head],
    colAligns: head.map(() => 'right' as const),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return `Accuracy of subnetworks chosen by ${analysis.criterion}, after each share of pre-training:\n${table.toString()}`;
}
