import type { Graph } from './graph.js';

/**
 * The map that a node's values lie in, by the node's name: a flattening moves nothing, so its values
 * are those of the map that it reads.
 */
export function mapBehindFlattening({ nodes }: Pick<Graph, 'nodes'>): (name: string) => string {
  const sources = new Map(
    nodes.flatMap(({ kind, name, inputs: [input] }) =>
      kind === 'flatten' && input !== undefined ? [[name, input] as const] : [],
    ),
  );
  const mapBehind = (name: string): string => {
    const source = sources.get(name);
    return source === undefined ? name : mapBehind(source);
  };
  return mapBehind;
}
