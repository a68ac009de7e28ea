import type { Contender } from '../../src/index.js';
import { METHODS } from './methods.js';

/** A method's name beside the colour of its curve. */
export function Name({ method }: { readonly method: Contender }) {
  const { name, colour } = METHODS[method];
  return (
    <span class="method">
      <i class="line" style={{ borderColor: `var(${colour})` }} /> {name}
    </span>
  );
}
