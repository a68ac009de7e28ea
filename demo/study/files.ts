import { analyse, type Cell, cellCount, type RunFile, type StudyConfig } from '../../src/index.js';
import { reportFiles } from '../../src/report/study-page.js';

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

/** `Chrome 147` for a known browser, for others the whole user agent. */
function browserName(): string {
  const { userAgent } = navigator;
  const known = /(Firefox|Edg|Chrome|Version)\/(\d+)/.exec(userAgent);
  return known ? `${known[1] === 'Version' ? 'Safari' : known[1]} ${known[2]}` : userAgent;
}
