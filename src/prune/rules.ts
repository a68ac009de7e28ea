import { average } from './rules/average.js';
import { corrective } from './rules/corrective.js';
import { lineSearch } from './rules/line-search.js';

export const RULES = { average, 'line-search': lineSearch, corrective } as const;
export type RuleName = keyof typeof RULES;
