import { cutGraph } from './cut.js';
import type { Graph } from './graph.js';
import { summarise } from './summary.js';
import type { Unit } from './units.js';

/** What a network saves when one channel of a unit goes and every other unit stays whole. */
export interface ChannelCost {
  readonly multiplyAdds: number;
  readonly parameters: number;
  /** Of weights in a file, in float32. */
  readonly weightBytes: number;
}

/** The cost of one channel of each unit: the difference of the whole graph and the graph without it. */
export function channelCosts(graph: Graph, units: readonly Unit[]): ChannelCost[] {
  const whole = summarise(graph);
  return units.map((unit) => {
    const kept = Array.from({ length: unit.channels - 1 }, (_, c) => c);
    const less = summarise(cutGraph(graph, [{ unit, kept }]).graph);
    return {
      multiplyAdds: whole.multiplyAdds - less.multiplyAdds,
      parameters: whole.parameters - less.parameters,
      weightBytes: whole.weightBytes - less.weightBytes,
    };
  });
}
