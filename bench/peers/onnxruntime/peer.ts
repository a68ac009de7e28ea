import { env, InferenceSession } from 'onnxruntime-web/webgpu';
import { exportOnnx } from '../../../src/formats/onnx/export.js';
import type { Peer } from '../peer.js';
import { convolution, networkForward } from './networks.js';

/**
 * https://onnxruntime.ai, on its WebGPU provider, which is 27 MB of WebAssembly for pages: in Node there is
 * none.
 */
export const onnxruntime: Peer = {
  subject: 'onnxruntime',
  package: 'onnxruntime-web',
  open: async () => {
    // More threads would be workers, which would begin with this very script.
    env.wasm.numThreads = 1;
    // It opens its device with its first session.
    const first = await InferenceSession.create(exportOnnx(SMALLEST), {
      executionProviders: ['webgpu'],
    });
    await first.release();
    const device = await env.webgpu.device;
    if (!device) throw new Error('it found no WebGPU adapter');
    return device;
  },
  works: { fastest: { convolution, networkForward } },
};

const SMALLEST = {
  graph: {
    name: 'smallest',
    input: { name: 'input', channels: 1, height: 1, width: 1 },
    nodes: [
      { kind: 'activation', name: 'map', inputs: ['input'], activation: 'relu' },
      { kind: 'flatten', name: 'row', inputs: ['map'] },
    ],
    output: 'row',
  },
  weights: new Map(),
} as const;
