import { parseStudyConfig, type StudyConfig } from '../study/study-config.js';
import { shellWord } from '../text.js';
import { flagForKey } from './flags.js';

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
