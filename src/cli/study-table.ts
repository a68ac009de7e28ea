import Table from 'cli-table3';
import { thresholdsAt } from '../report/tables.js';
import { criterionText, fitText, settingText } from '../report/words.js';
import { type Analysis, analysedSizes } from '../study/analysis.js';
import { grouped } from '../text.js';

/** The closing tables of a study: thresholds by size, and which curve they support. */
export function studyTable(analyses: readonly Analysis[]): string {
  return analyses
    .map((analysis) => {
      const { absolute, relative, setting } = analysis;
      const table = new Table({
        head: ['examples', `t*: ${criterionText(absolute)}`, `t*: ${criterionText(relative)}`],
        colAligns: ['right', 'left', 'left'],
        style: { head: [], border: [] },
        wordWrap: true,
      });
      for (const examples of analysedSizes(analysis)) {
        table.push([
          grouped(examples),
          thresholdsAt(absolute, examples),
          thresholdsAt(relative, examples),
        ]);
      }
      return [
        ...(analyses.length > 1 ? [settingText(setting)] : []),
        table.toString(),
        ...[absolute, relative].map((finding) => `${finding.criterion.name}: ${fitText(finding)}`),
      ].join('\n');
    })
    .join('\n\n');
}
