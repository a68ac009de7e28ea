import { defaultDevice, getWebGPUDevice, init } from '@jax-js/jax';
import type { Peer } from '../peer.js';
import { convolution, convolutionDataGradient, convolutionWeightGradient } from './convolutions.js';
import { crossEntropySelection } from './cross-entropy-selection.js';
import { networkForward, networkStep } from './network.js';
import { plainTrainingStep } from './plain-training-step.js';
import { hidden, matmul } from './products.js';
import { selection } from './selection.js';
import { trainingStep } from './training-step.js';

/** https://github.com/ekzhang/jax-js, on its WebGPU backend. */
export const jaxJs: Peer = {
  subject: 'jax-js',
  package: '@jax-js/jax',
  open: async () => {
    const devices = await init('webgpu');
    if (!devices.includes('webgpu')) throw new Error('it found no WebGPU adapter');
    defaultDevice('webgpu');
    return getWebGPUDevice();
  },
  works: {
    fastest: {
      matmul,
      hidden,
      convolution,
      convolutionDataGradient,
      convolutionWeightGradient,
      networkForward,
      networkStep,
      trainingStep,
      selection,
      crossEntropySelection,
    },
    plain: { trainingStep: plainTrainingStep },
  },
};
