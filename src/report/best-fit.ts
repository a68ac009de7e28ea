import type { Finding } from '../study/analysis.js';
import type { ComparedFit } from '../theory/compare.js';

/** The best supported curve, where there are enough trials to tell. */
export function bestFit({ fits, supported }: Finding): ComparedFit | undefined {
  return supported.length > 0 ? fits[0] : undefined;
}
