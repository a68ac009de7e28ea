import { analyse, type Cell, cellCount, type RunFile, type StudyConfig } from '../../src/index.js';
import { reportFiles } from '../../src/report/study-page.js';
import { browserName } from '../model/browser.js';

/** The files that are derived from the cells: tables, thresholds, the report. */
export function studyReportFiles(config: StudyConfig, cells: readonly Cell[]): readonly RunFile[] {
  return reportFiles({
    config,
    cells,
    expected: cellCount(config),
    analyses: analyse(config, cells),
    versions: { browser: browserName() },
    document: document.implementation.createHTMLDocument(),
  });
}
