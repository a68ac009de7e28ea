import { EspalierError } from '../errors.js';
import { plural, quoted } from '../text.js';
import type { Node, Opaque } from './graph.js';

const NODES_TOLD = 4;

/**
 * Refuses nodes that cannot be run.
 *
 * @throws EspalierError `bad-network` naming them.
 */
export function requireRunnable(
  nodes: readonly Node[],
): asserts nodes is readonly Exclude<Node, Opaque>[] {
  const unknown = nodes.filter((node) => node.kind === 'opaque');
  if (unknown.length === 0) return;
  const told = unknown
    .slice(0, NODES_TOLD)
    .map(({ name, operation }) => `${quoted(name)} (${quoted(operation)})`);
  const more = unknown.length > told.length ? [`${unknown.length - told.length} more`] : [];
  throw new EspalierError(
    'bad-network',
    `The network cannot be run here because of ${plural(unknown.length, 'node')}: ${[...told, ...more].join(', ')}. No such operation, or no such form of it, is known.`,
  );
}
