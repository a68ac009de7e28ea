import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { type Analysis, analyse } from '../study/analysis.js';
import type { Cell } from '../study/cell.js';
import { cellCount } from '../study/grid.js';
import { MODEL_STUDY } from '../study/kinds.js';
import { parseModelStudyConfig } from '../study/model/config.js';
import { parseStudyConfig, type StudyConfig } from '../study/study-config.js';
import { plural, shellWord } from '../text.js';
import { writeWhole } from './files.js';
import { flagForKey, givenFlags, number } from './flags.js';
import { readStudyFolder } from './study-folder.js';
import { isModelStudy } from './study-model.js';
import { drawModelReport, keptStreamedRates } from './study-model-report.js';
import { readStudyRecords } from './study-records.js';
import { studyTable } from './study-table.js';

export function addReport(program: Command, version: string): void {
  const command = program
    .command('report')
    .description("Redraws a study's report, tables and figures from its records.")
    .addArgument(new Argument('<folder>', "the study's folder"))
    .option('--level <loss>', 'of the absolute criterion', number)
    .option('--tolerance <share>', 'of the relative criterion', number)
    .addHelpText(
      'after',
      `
Examples:
  espalier report runs/paper                 draw it again, finished or not
  espalier report runs/paper --level 0.02    with another criterion`,
    );
  command.action(async (folder: string, _flags: unknown, self: Command) => {
    if (await isModelStudy({ out: folder }, true)) {
      const { config, cells } = await readStudyRecords(MODEL_STUDY, folder);
      const own = parseModelStudyConfig({ ...config, ...givenFlags(self) });
      const drawn = { path: folder, cells, streamed: await keptStreamedRates(folder) };
      process.stdout.write((await drawModelReport(own, drawn, version)).text);
      return;
    }
    const { config, cells } = await readStudyFolder(folder);
    const analyses = await drawReport(
      parseStudyConfig({ ...config, ...givenFlags(self) }),
      { path: folder, cells },
      { version },
    );
    const left = cellCount(config) - cells.length;
    const lines = [
      analyses.length > 0 ? studyTable(analyses) : 'No trial is finished yet.',
      ...(left > 0
        ? [
            `Unfinished: ${plural(left, 'cell')} of ${cellCount(config)} to come; only whole trials count.`,
          ]
        : []),
      `Report: ${join(folder, 'report.html')}\n`,
    ];
    process.stdout.write(lines.join('\n'));
  });
}

/** Writes `cells.csv`, `thresholds.json`, `report.html` and the figures, and gives the analyses. */
export async function drawReport(
  config: StudyConfig,
  folder: { readonly path: string; readonly cells: readonly Cell[] },
  { version, host }: { readonly version: string; readonly host?: string | undefined },
): Promise<readonly Analysis[]> {
  const { path, cells } = folder;
  const analyses = analyse(config, cells);
  const { studyFiles } = await import('./drawings.js');
  const files = studyFiles({
    config,
    cells,
    expected: cellCount(config),
    analyses,
    versions: { espalier: version, node: process.versions.node, ...(host && { host }) },
    command: studyCommand(config),
  });
  for (const file of files) await writeWhole(path, file);
  return analyses;
}

/** The command that makes a study again: what differs from its preset's defaults. */
export function studyCommand(config: StudyConfig): string {
  const usual = parseStudyConfig({ preset: config.preset });
  const flags = Object.entries(config).flatMap(([key, value]) => {
    const same = JSON.stringify(usual[key as keyof StudyConfig]) === JSON.stringify(value);
    if (key === 'out' || (key === 'preset' ? value === 'quick' : same)) return [];
    if (key === 'replacement') return ['--no-replacement'];
    return [`${flagForKey(key)} ${shellWord(String(value))}`];
  });
  return ['espalier study', ...flags].join(' ');
}
