import type { Contender } from '../../src/index.js';
import { METHODS } from './methods.js';

/** A method's colour, as its curve has it. */
export function Key({ method }: { readonly method: Contender }) {
  return <i class="line" style={{ borderColor: `var(${METHODS[method].colour})` }} />;
}
