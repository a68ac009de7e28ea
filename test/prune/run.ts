import type { LossKind } from '../../shaders/point-loss.js';
import { finalResult } from '../../src/experiment/relay.js';
import type { Device } from '../../src/gpu/device.js';
import { Scope } from '../../src/gpu/scope.js';
import { type GreedySelection, selectGreedily } from '../../src/prune/greedy.js';
import type { GreedyOptions } from '../../src/prune/greedy-options.js';
import { type Layout, type Sample, uploadSample } from './problems.js';

export interface Run extends Partial<GreedyOptions>, Layout {
  readonly loss?: LossKind;
}

/** Selects greedily from a sample: 9 picks with replacement unless told otherwise. */
export async function greedy(
  device: Device,
  sample: Sample,
  run: Run = {},
): Promise<GreedySelection> {
  const { loss, rowsPerChunk, streamed, storage, ...options } = run;
  using scope = new Scope(device);
  const layout = {
    ...(rowsPerChunk && { rowsPerChunk }),
    ...(streamed && { streamed }),
    ...(storage && { storage }),
  };
  const problem = uploadSample(scope, sample, loss, layout);
  return await finalResult(
    selectGreedily(device, problem, { picks: 9, replacement: true, ...options }),
  );
}
