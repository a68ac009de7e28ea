import { ready, setBackend } from '@tensorflow/tfjs-core';
import type { Peer } from '../peer.js';
import { convolution, convolutionDataGradient, convolutionWeightGradient } from './convolutions.js';
import { crossEntropySelection } from './cross-entropy-selection.js';
import { networkForward, networkStep } from './network.js';
import { hidden, matmul } from './products.js';
import { backend } from './queue.js';
import { plainSelection, selection } from './selection.js';
import { trainingStep } from './training-step.js';

/** https://www.tensorflow.org/js, on its WebGPU backend. */
export const tfjs: Peer = {
  subject: 'tfjs',
  package: '@tensorflow/tfjs-backend-webgpu',
  open: async () => {
    if (!(await setBackend('webgpu'))) throw new Error('its WebGPU backend does not start');
    await ready();
    return backend().device;
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
    plain: { selection: plainSelection },
  },
};
