import type { RuleName } from './choices.js';
import { average } from './rules/average.js';
import { corrective } from './rules/corrective.js';
import { lineSearch } from './rules/line-search.js';
import type { Rule } from './rules/rule.js';

export const RULES = {
  average,
  'line-search': lineSearch,
  corrective,
} as const satisfies Readonly<Record<RuleName, Rule>>;
