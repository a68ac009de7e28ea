import { EspalierError } from '../../../errors.js';
import type { Graph } from '../../../graph/graph.js';
import { inferShapes } from '../../../graph/shapes.js';
import { findUnits, type Unit, uncuttableText } from '../../../graph/units.js';
import type { Network } from '../../../graph/weights.js';
import type { Filters } from '../../../prune/channels/rankings.js';
import type { UnitChoice } from './events.js';

/**
 * The units of a graph that a choice takes, in their order.
 *
 * @throws bad-network when there is none, with the reason of every filter.
 */
export function chosenUnits(graph: Graph, choice: UnitChoice): readonly Unit[] {
  const { units, uncuttable } = findUnits(graph);
  const chosen = units.filter((unit) => choice === 'all' || unit.kind === choice);
  if (chosen.length > 0) return chosen;
  const reasons = [
    ...uncuttable.map(uncuttableText),
    ...units.map(
      ({ name, kind }) =>
        `${name}: of ${kind === 'inner' ? 'an inner unit' : 'a residual stream'}, and only ${choice === 'inner' ? 'inner units' : 'residual streams'} were asked for`,
    ),
  ];
  throw new EspalierError(
    'bad-network',
    `No channel of ${graph.name} can be removed. ${reasons.join('; ')}.`,
  );
}

/** The filters that make a unit's channels, and γ of the batch norm behind the first. */
export function filtersOfUnit(
  { graph, weights }: Network,
  unit: Unit,
): { readonly filters: Filters; readonly scales: Float32Array | undefined } {
  const shapes = inferShapes(graph);
  const parts = unit.writers.map((name) => {
    const node = graph.nodes.find((own) => own.name === name);
    const tensor =
      node?.kind === 'convolution' || node?.kind === 'linear'
        ? weights.get(node.weight)
        : undefined;
    const places = unit.maps.find((map) => map.node === name)?.places ?? [];
    const data = tensor?.data ?? new Float32Array();
    const length = data.length / (shapes.get(name)?.channels ?? 1);
    return places.map((own) =>
      own.flatMap((place) => [...data.subarray(place * length, (place + 1) * length)]),
    );
  });
  const rows = Array.from({ length: unit.channels }, (_, channel) =>
    parts.flatMap((part) => part[channel] ?? []),
  );
  const norm = graph.nodes.find(
    (node) => node.kind === 'batch-norm' && node.inputs[0] === unit.writers[0],
  );
  const scales = norm?.kind === 'batch-norm' ? weights.get(norm.weight)?.data : undefined;
  const places = unit.maps.find((map) => map.node === norm?.name)?.places;
  return {
    filters: { channels: unit.channels, data: Float32Array.from(rows.flat()) },
    scales: scales && places && Float32Array.from(places, ([place = 0]) => scales[place] as number),
  };
}
