import { bytesOfPicture } from '../../src/data/pictures.js';
import { positionOfUnit } from '../../src/experiment/model/prune/consumers.js';
import { countsOfCurve } from '../../src/experiment/model/prune/curve.js';
import { cutGraph } from '../../src/graph/cut.js';
import { summarise } from '../../src/graph/summary.js';
import type { Cost } from '../benchmark.js';
import { halfOfUnit, type PreparedUnit, type PruneSetup } from './prune-setup.js';

/**
 * The pictures' way through the network, and Q of each unit. Q of 3 × 3 taps hangs on the difference
 * of two taps alone: 12 of 24 are the others turned, and that of zero is symmetric, so that 12.5 C²
 * multiply-adds a position are enough. Pictures and weights must be read, the sums written.
 */
export function statisticsCost({ pruning: { folded, input }, units }: PruneSetup): Cost {
  const { count } = input.calibration;
  const { multiplyAdds, weightBytes } = summarise(folded.graph);
  const all = statisticsOfUnits(units);
  const products = all.map(({ channels, positions }) => 12.5 * channels ** 2 * positions);
  return {
    operations: 2 * (count * multiplyAdds + total(products)),
    bytes:
      count * bytesOfPicture(input.calibration) +
      weightBytes +
      4 * total(all.map(({ gram }) => gram.length)),
  };
}

/** The network behind each unit, cut to each number of channels: maps and weights must be read. */
export function curvesCost({ answers, classes, units }: PruneSetup): Cost {
  const pictures = answers.length / classes;
  const costs = units.flatMap(({ unit, order, place: { network, frontier } }) =>
    countsOfCurve(unit.channels).map((count): Cost => {
      const { graph } = cutGraph(network.graph, [{ unit, kept: [...order.subarray(0, count)] }]);
      const { nodes, weightBytes } = summarise(graph);
      const behind = nodes.slice(positionOfUnit(graph, unit));
      const read = nodes.filter(({ name }) => frontier.names.includes(name));
      const words = read.map(
        ({ output: { channels, height, width } }) => channels * height * width,
      );
      return {
        operations: 2 * pictures * total(behind.map(({ multiplyAdds }) => multiplyAdds)),
        bytes: 4 * pictures * total(words) + weightBytes,
      };
    }),
  );
  return addCosts(costs);
}

/** A Cholesky factor of gC rows that grows g rows a pick, and what it leaves of R; Q and R are read. */
export function selectionCost({ units }: PruneSetup): Cost {
  const costs = statisticsOfUnits(units).map(({ gram, correlation, channels, taps, outputs }) => {
    const rows = channels * taps;
    return {
      operations: 2 * (rows ** 3 / 6 + (rows ** 2 * outputs) / 2),
      bytes: 8 * (gram.length + correlation.length),
    };
  });
  return addCosts(costs);
}

/** Q_SS factored, and two solves for each output; they are read and the weights written. */
export function refitCost({ units }: PruneSetup): Cost {
  const costs = units.flatMap((own) =>
    statisticsOfUnits([own]).map(({ taps, outputs }) => {
      const rows = halfOfUnit(own).kept.length * taps;
      return {
        operations: 2 * (rows ** 3 / 6 + rows ** 2 * outputs),
        bytes: 8 * (rows ** 2 + 2 * rows * outputs),
      };
    }),
  );
  return addCosts(costs);
}

/** What is left of the weights is read and written. */
export function cutCost({ pruning: { folded }, units }: PruneSetup): Cost {
  const { graph } = cutGraph(folded.graph, units.map(halfOfUnit));
  return { operations: 0, bytes: 2 * summarise(graph).weightBytes };
}

/**
 * Statistics and orders twice, for the curves and for the cut, and the rest once; what the cut network
 * saves on the way is not taken off.
 */
export function wholeCost(setup: PruneSetup): Cost {
  const [statistics, selection] = [statisticsCost(setup), selectionCost(setup)];
  const once = [curvesCost(setup), refitCost(setup), cutCost(setup)];
  return addCosts([statistics, statistics, selection, selection, ...once]);
}

function statisticsOfUnits(units: readonly PreparedUnit[]) {
  return units.flatMap(({ measurements }) => measurements.map(({ statistics }) => statistics));
}

function addCosts(costs: readonly Cost[]): Cost {
  return {
    operations: total(costs.map(({ operations }) => operations)),
    bytes: total(costs.map(({ bytes }) => bytes)),
  };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
