import { join } from 'node:path';
import Table from 'cli-table3';
import { z } from 'zod';
import { parseJson } from '../json.js';
import { publishedRows } from '../report/model-study-table.js';
import {
  analyseModelStudy,
  type ModelAnalysis,
  recordOfModelAnalyses,
} from '../study/model/analysis.js';
import type { ModelStudyCell } from '../study/model/cell.js';
import { type ModelStudyConfig, parseModelStudyConfig } from '../study/model/config.js';
import { listStudiedModels, placesOfStudy, studiedModelText } from '../study/model/grid.js';
import { leftOutTexts } from '../study/model/left-out.js';
import { type StreamedRates, streamedRatesSchema } from '../study/model/rates.js';
import { plural, shellWord } from '../text.js';
import { readIfThere, writeWhole } from './files.js';
import { commandText } from './flags.js';

export const MODEL_SUMMARY = 'summary.json';

/** What of a study's folder its report shows. */
export interface StudyDrawn {
  readonly path: string;
  readonly cells: readonly ModelStudyCell[];
  readonly streamed: StreamedRates | undefined;
}

/** How the pictures of a study were streamed, as its folder's summary says; undefined where none can be read. */
export async function keptStreamedRates(path: string): Promise<StreamedRates | undefined> {
  const bytes = await readIfThere(join(path, MODEL_SUMMARY));
  try {
    const kept = z.object({ streamed: streamedRatesSchema });
    return bytes && kept.parse(parseJson(bytes)).streamed;
  } catch {
    return undefined;
  }
}

/** Writes tables, thresholds, the report and its figures, and gives what is said of them. */
export async function drawModelReport(
  config: ModelStudyConfig,
  { path, cells, streamed }: StudyDrawn,
  version: string,
): Promise<{ readonly text: string; readonly record: object }> {
  const analyses = analyseModelStudy(config, cells);
  const { modelStudyFiles } = await import('./drawings.js');
  const expected = placesOfStudy(config).length;
  const versions = { espalier: version, node: process.versions.node };
  const command = commandOfStudy(config);
  const files = modelStudyFiles({ config, cells, expected, analyses, versions, command, streamed });
  for (const file of files) await writeWhole(path, file);
  const left = expected - cells.length;
  const lines = [
    ...analyses.map((analysis) => tableText(config, analysis)),
    ...(analyses.length > 0 ? [] : ['No trial is finished yet.']),
    ...leftOutTexts(config, cells),
    ...(left > 0
      ? [
          `Unfinished: ${plural(left, 'cell')} of ${expected} to come; only whole trials count. Go on with: espalier study --resume --out ${shellWord(path)}`,
        ]
      : []),
    `Report: ${join(path, 'report.html')}\n`,
  ];
  return { text: lines.join('\n'), record: recordOfModelAnalyses(config, analyses) };
}

/** The command that makes a study again: what differs from its preset, or from the defaults. */
function commandOfStudy(config: ModelStudyConfig): string {
  const { preset, architecture, sizes, batch, iterations } = config;
  const base = preset
    ? { preset }
    : { architecture, sizes, batch, ...(iterations === undefined ? {} : { iterations }) };
  const usual: Readonly<Record<string, unknown>> = parseModelStudyConfig(base);
  const changed = Object.entries(config).filter(
    ([key, value]) =>
      key !== 'out' && (key in base || JSON.stringify(usual[key]) !== JSON.stringify(value)),
  );
  const named = { architecture, ...Object.fromEntries(changed) };
  // Flags without a value switch off what is on by itself.
  return commandText(['study'], { ...named, ...(config.controls ? {} : { noControls: true }) });
}

function tableText(config: ModelStudyConfig, analysis: ModelAnalysis): string {
  const { head, rows } = publishedRows(config, analysis);
  const table = new Table({
    head: [...head],
    colAligns: head.map(() => 'right' as const),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return `Accuracy of subnetworks chosen by ${analysis.criterion}, after each share of pre-training${listStudiedModels(config).length > 1 ? `, ${studiedModelText(analysis)}` : ''}:\n${table.toString()}`;
}
