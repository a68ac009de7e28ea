import { EspalierError } from '../../../errors.js';
import type { Graph } from '../../../graph/graph.js';
import { findUnits } from '../../../graph/units.js';

/** The first convolution of a basic block, by its stage and its place there. */
const INNER = /^layer(\d)\.(\d+)\.conv1$/;
/** Share of the inner channels that stays, in all but the first block of the stages before the last. */
const KEPT = 0.4;
const LAST_STAGE = 4;

/**
 * The layout of Wolfe et al. (TMLR 2024) for "40 % fewer FLOPs and 20 % fewer parameters": of all but the
 * first block of stages 1 to 3 of a ResNet of four stages 60 % of the inner channels go, stage 4 is left
 * as it is. On ResNet-34 in CIFAR form these are 39.1 % of the multiply-adds and 19.6 % of the parameters.
 *
 * @returns how many channels of each unit stay, by its name.
 * @throws bad-config for a network that has no such stages.
 */
export function publishedLayout(graph: Graph): Readonly<Record<string, number>> {
  const blocks = findUnits(graph).units.flatMap(({ name, channels }) => {
    const [, stage, block] = INNER.exec(name) ?? [];
    return stage === undefined
      ? []
      : [{ name, channels, stage: Number(stage), block: Number(block) }];
  });
  if (!blocks.some(({ stage }) => stage === LAST_STAGE)) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'layout',
      given: 'paper',
      allowed: 'left out',
      because: `it is published for ResNets of four stages of basic blocks, such as resnet34, and ${graph.name} is none; give a budget instead`,
    });
  }
  const cut = blocks.filter(({ stage, block }) => stage < LAST_STAGE && block > 0);
  return Object.fromEntries(cut.map(({ name, channels }) => [name, Math.round(KEPT * channels)]));
}
