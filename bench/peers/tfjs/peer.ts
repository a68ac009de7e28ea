import { ready, setBackend } from '@tensorflow/tfjs-core';
import type { Peer } from '../peer.js';
import { wholeRun } from '../run.js';
import { crossEntropySelection } from './cross-entropy-selection.js';
import { hidden } from './hidden.js';
import { matmul } from './matmul.js';
import { backend } from './queue.js';
import { selection } from './selection.js';
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
    matmul,
    hidden,
    'sgd-step': trainingStep,
    'gd-step': trainingStep,
    selection,
    'cross-entropy-selection': crossEntropySelection,
    run: wholeRun({ hidden, 'sgd-step': trainingStep, selection }),
  },
};
