import { expect, test } from 'vitest';
import { encodeModel, loadModel } from '../../../src/experiment/model/model.js';
import { modelFiles } from '../../../src/experiment/model/model-files.js';
import { loadModelFiles } from '../../../src/experiment/model/model-of-files.js';
import { decodeMetadata } from '../../../src/formats/safetensors.js';
import { convolution, linear } from '../../../src/models/nodes.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';

const model = {
  network: randomNetwork(
    sampleGraph([
      convolution('a', 'input', { outputs: 5, kernel: 3 }),
      { kind: 'global-average-pool', name: 'pool', inputs: ['a'] },
      linear('fc', 'pool', 3),
    ]),
  ),
  preprocessing: { mean: [0, 0, 0], deviation: [1, 1, 1] },
  counters: new Map(),
};

/** A model.json of one dense layer, and the file with its weights. */
const LAYERS = JSON.stringify({
  modelTopology: {
    class_name: 'Sequential',
    config: [
      {
        class_name: 'Dense',
        config: { name: 'dense', batch_input_shape: [null, 2], use_bias: false },
      },
    ],
  },
  weightsManifest: [
    {
      paths: ['shards/weights.bin'],
      weights: [{ name: 'dense/kernel', shape: [2, 3], dtype: 'float32' }],
    },
  ],
});
const WEIGHTS = Float32Array.of(1, 2, 3, 4, 5, 6);

test('a page reads a model from the files that were chosen, in any order', async () => {
  const layers = await loadModelFiles([
    new File([WEIGHTS], 'weights.bin'),
    new File([LAYERS], 'model.json'),
  ]);
  expect(layers.network.weights.get('dense/kernel')?.data).toEqual(
    Float32Array.of(1, 4, 2, 5, 3, 6),
  );
  const onnx = modelFiles({ ...model, architecture: 'net' }, 'net.onnx').bytes;
  const { architecture, network } = await loadModelFiles([
    new File([new Uint8Array(onnx)], 'net.onnx'),
  ]);
  expect(architecture).toBe('net');
  expect([...network.weights]).toEqual([...model.network.weights]);
});

test('files without a model, with two, or without what lies beside one are refused', async () => {
  const json = new File([LAYERS], 'model.json');
  await expect(loadModelFiles([new File([WEIGHTS], 'weights.bin')])).rejects.toThrow(
    /One model is needed, .*; chosen: none/,
  );
  await expect(loadModelFiles([json, json])).rejects.toThrow(/chosen: model.json, model.json/);
  await expect(loadModelFiles([json])).rejects.toThrow(/"shards\/weights.bin" is missing/);
});

test('a pruned model as safetensors tells which channels of each unit stayed, and as PyTorch its graph', () => {
  const bytes = encodeModel({ ...model, kept: { a: [0, 2, 3] } });
  const kept = decodeMetadata(bytes, 'pruned.safetensors').get('espalier.kept');
  expect(JSON.parse(kept ?? '')).toEqual({ a: [0, 2, 3] });
  expect(loadModel(bytes, 'pruned.safetensors').network.graph).toEqual(model.network.graph);
  const { network } = loadModel(
    modelFiles({ ...model, architecture: 'net' }, 'pruned.pth').bytes,
    'pruned.pth',
  );
  expect(network).toEqual(model.network);
});
