import type { Device } from '../../src/gpu/device.js';
import type { Dataset } from '../../src/models/dataset.js';
import {
  drawParameters,
  type Network,
  type Parameters,
  uploadNetwork,
} from '../../src/models/two-layer.js';
import { drawExamples, uploadImages } from '../../src/study/examples.js';
import { type ContestContext, requireSource } from '../benchmark.js';

const SEED = 0;
const TASK = 'below-five';

/** m training images as a run with these many --examples uploads them. */
export function ownDataset(context: ContestContext, m: number): Dataset {
  const { train } = drawExamples(requireSource(context), m, SEED);
  return context.own(uploadImages(context.device, 'training', train, TASK));
}

/** A network as a run draws it, on the CPU and on the GPU. */
export function ownNetwork(
  { device, own }: { readonly device: Device; readonly own: ContestContext['own'] },
  width: number,
  { inputs, targets }: Dataset,
): { readonly parameters: Parameters; readonly network: Network } {
  const shape = {
    width,
    inputs: inputs.columns,
    outputs: targets.columns,
    activation: 'tanh',
  } as const;
  const parameters = drawParameters(shape, SEED);
  return { parameters, network: own(uploadNetwork(device, parameters)) };
}
