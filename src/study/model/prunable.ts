import { EspalierError } from '../../errors.js';
import { countedCost, requireReachable, shareOfUnits } from '../../experiment/model/prune/share.js';
import { chosenUnits } from '../../experiment/model/prune/units.js';
import type { Graph } from '../../graph/graph.js';
import { fewestChannels } from '../../prune/channels/budgets.js';
import { type ModelStudyConfig, pruneOptionsOfStudy } from './config.js';

/**
 * Refuses, before any work, a budget or a layout that does not fit the network.
 *
 * @throws bad-config; bad-network when nothing can be cut.
 */
export function requirePrunable(config: ModelStudyConfig, graph: Graph): void {
  for (const criterion of config.criteria) {
    requireReachable({ graph }, pruneOptionsOfStudy(config, { criterion, seed: 0, graph }));
  }
  if (config.then) requireCutFurther(config, graph, config.then);
}

/**
 * Refuses a share after which channels alone cannot be cut to as few parameters. Reckoned with units that
 * share the budget evenly, and with all parameters for those that can be zeroed, which are nearly all.
 */
function requireCutFurther(
  config: ModelStudyConfig,
  graph: Graph,
  [, zeroed]: NonNullable<ModelStudyConfig['then']>,
): void {
  const [criterion = 'group'] = config.criteria;
  const given = pruneOptionsOfStudy(config, { criterion, seed: 0, graph });
  const options = { ...given, sharing: 'uniform' } as const;
  const units = chosenUnits(graph, options.units);
  const of = config.parameters === undefined ? 'multiplyAdds' : 'parameters';
  const cost = countedCost(graph, units, of);
  const kept = shareOfUnits({ cost, units, options, curves: [] });
  const parameters = countedCost(graph, units, 'parameters');
  const least = parameters(
    units.map((unit) => Math.min(unit.channels, fewestChannels(options, unit))),
  );
  const most = 1 - least / parameters(kept);
  if (zeroed <= most) return;
  throw new EspalierError('bad-config', {
    kind: 'value',
    key: 'then',
    given: `magnitude ${zeroed}`,
    allowed: `magnitude with ${Math.floor(1000 * Math.max(0, most)) / 1000} at most`,
    because: 'channels alone are cut to as few parameters, and every unit keeps some',
  });
}
