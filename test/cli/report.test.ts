import { expect, test } from 'vitest';
import { studyCommand } from '../../src/cli/report.js';
import { parseStudyConfig } from '../../src/study/study-config.js';

test('the command repeats what differs from the preset, and quotes what a shell would split', () => {
  expect(studyCommand(parseStudyConfig({ out: 'x' }))).toBe('espalier study');
  const given = { preset: 'paper', data: 'my files', batch: [64, 'full'], replacement: false };
  const config = parseStudyConfig({ ...given, width: 400, learningRate: 0.5 });
  expect(studyCommand(config)).toBe(
    "espalier study --preset paper --data 'my files' --width 400 --batch 64,full --learning-rate 0.5 --no-replacement",
  );
});
