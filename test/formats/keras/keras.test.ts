import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../../src/experiment/model/model.js';
import { modelFiles } from '../../../src/experiment/model/model-files.js';
import { kerasModel } from '../../../src/formats/keras/layers.js';
import { readKeras } from '../../../src/formats/keras/read.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { fuzz, truncate } from '../../fuzz.js';
import { randomImages } from '../../graph/sample.js';
import { isShared, sharedPath } from '../../shared.js';
import { expectAgreement, expectShares, thinned } from '../onnx/agreement.js';
import { runtimeAnswers } from '../onnx/runtime.js';
import { layersAnswers, sampleLayers, savedLayers } from '../tfjs/networks.js';
import { type H5Group, h5File } from './h5-file.js';

/** A Keras file as h5py writes it: the description as a text, the weights in a group a layer. */
function kerasFile(
  description: object | string,
  weights: H5Group['members'] = {},
): Uint8Array<ArrayBuffer> {
  const text = typeof description === 'string' ? description : JSON.stringify(description);
  return h5File({
    attributes: { keras_version: '2.4.0', backend: 'tensorflow', model_config: text },
    members: {
      model_weights: { attributes: { layer_names: Object.keys(weights) }, members: weights },
    },
  });
}

/** The weights of a layer, each in a group of its name. */
function layerGroup(
  layer: string,
  tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >,
): H5Group {
  const named = Object.entries(tensors).map(([role, tensor]) => [`${role}:0`, tensor] as const);
  return {
    attributes: { weight_names: named.map(([role]) => `${layer}/${role}`) },
    members: { [layer]: { members: Object.fromEntries(named) } },
  };
}

const input = (shape: readonly (number | null)[] = [null, 6, 5, 3]) => ({
  class_name: 'InputLayer',
  config: { name: 'images', batch_input_shape: shape },
});

const ones = (...shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((all, size) => all * size, 1)).map((_, at) => Math.sin(at)),
});

/** A small Sequential, with a layer more in between. */
function sequential(...more: readonly object[]): Uint8Array<ArrayBuffer> {
  const layers = [
    input(),
    { class_name: 'Conv2D', config: { name: 'conv', filters: 4, kernel_size: [3, 3] } },
    ...more,
    { class_name: 'GlobalAveragePooling2D', config: { name: 'mean' } },
    { class_name: 'Dense', config: { name: 'dense', units: 2, activation: 'softmax' } },
  ];
  return kerasFile(
    { class_name: 'Sequential', config: { name: 'small', layers } },
    {
      conv: layerGroup('conv', { kernel: ones(3, 3, 3, 4), bias: ones(4) }),
      dense: layerGroup('dense', { kernel: ones(4, 2), bias: ones(2) }),
    },
  );
}

test('a Functional network has TensorFlow.js’s answers, and its ONNX file ONNX Runtime’s, cut or not', async () => {
  const files = await savedLayers(sampleLayers());
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(files.bytes)) as {
    modelTopology: object;
    weightsManifest: { weights: { name: string; shape: number[] }[] }[];
  };
  const bytes = new Uint8Array(Buffer.concat([...files.beside.values()]));
  let at = 0;
  const groups: Record<string, Record<string, { shape: number[]; data: Float32Array }>> = {};
  for (const { name, shape } of weightsManifest.flatMap(({ weights }) => weights)) {
    const count = shape.reduce((all, size) => all * size, 1);
    const data = new Float32Array(bytes.slice(at, at + 4 * count).buffer);
    at += 4 * count;
    const [layer = '', role = ''] = name.split('/');
    groups[layer] = { ...groups[layer], [role]: { shape, data } };
  }
  const weights = Object.entries(groups).map(([layer, own]) => [layer, layerGroup(layer, own)]);
  const model = loadModel(kerasFile(modelTopology, Object.fromEntries(weights)), 'some/net.h5');
  const { network, architecture } = model;
  expect(architecture).toBe('net');
  const images = randomImages(network.graph, 2);
  expectShares(network, images, await layersAnswers(files, images));
  await expectAgreement(network, modelFiles(model, 'net.onnx').bytes, { shares: true });
  const cut = thinned(network);
  const smaller = modelFiles({ ...model, network: cut }, 'net.onnx').bytes;
  await expectAgreement(cut, smaller, { shares: true });
  expect(() => modelFiles(model, 'net.json')).toThrow(/ends in .onnx or .safetensors/);
});

test.skipIf(!isShared)(
  'MLPerf’s ResNet-8 knows most of the pictures that it was made for',
  async () => {
    const { network, onnx } = readKeras(
      readFileSync(sharedPath('models/resnet8.h5')),
      'resnet8.h5',
    );
    const file = readFileSync(sharedPath('data/cifar10-small/test_batch.bin'));
    const images = 20;
    const records = Array.from({ length: images }, (_, at) =>
      file.subarray(3073 * at, 3073 * (at + 1)),
    );
    const data = Float64Array.from(records.flatMap((record) => [...record.subarray(1)]));
    const answers = await runtimeAnswers(onnx.bytes, { images, ...network.graph.input, data });
    const right = records.filter((record, at) => {
      const row = answers.subarray(10 * at, 10 * (at + 1));
      return row.indexOf(Math.max(...row)) === record[0];
    });
    expect(right.length).toBeGreaterThanOrEqual(15);
    const cut = thinned(network);
    await expectAgreement(cut, writeOnnx(onnx, cut, 'data').bytes, { images: 1, shares: true });
  },
);

describe('descriptions of all versions of Keras name the same layers:', () => {
  const conv = { class_name: 'Conv2D', config: { name: 'conv' } };
  const dense = { class_name: 'Dense', config: { name: 'dense' } };
  const expected = [
    ['images', []],
    ['conv', ['images']],
    ['dense', ['conv']],
  ];
  test.each([
    ['a Sequential that is a list', { class_name: 'Sequential', config: [input(), conv, dense] }],
    [
      'a Functional of Keras 2',
      {
        class_name: 'Functional',
        config: {
          layers: [
            { ...dense, name: 'dense', inbound_nodes: [[['conv', 0, 0, {}]]] },
            { ...conv, name: 'conv', inbound_nodes: [[['images', 0, 0, {}]]] },
            { ...input(), name: 'images', inbound_nodes: [] },
          ],
          input_layers: [['images', 0, 0]],
          output_layers: [['dense', 0, 0]],
        },
      },
    ],
    [
      'a Functional of Keras 3',
      {
        class_name: 'Functional',
        config: {
          layers: [
            { ...input(), name: 'images', inbound_nodes: [] },
            {
              ...conv,
              name: 'conv',
              inbound_nodes: [{ args: [kerasTensor('images')], kwargs: {} }],
            },
            {
              ...dense,
              name: 'dense',
              inbound_nodes: [{ args: [[kerasTensor('conv')]], kwargs: {} }],
            },
          ],
          input_layers: ['images', 0, 0],
          output_layers: ['dense', 0, 0],
        },
      },
    ],
    [
      'a network within one',
      {
        class_name: 'Sequential',
        config: {
          layers: [
            {
              class_name: 'Functional',
              config: {
                name: 'body',
                layers: [
                  { ...input(), name: 'images', inbound_nodes: [] },
                  { ...conv, name: 'conv', inbound_nodes: [[['images', 0, 0, {}]]] },
                ],
                input_layers: [['images', 0, 0]],
                output_layers: [['conv', 0, 0]],
              },
            },
            dense,
          ],
        },
      },
    ],
  ])('%s', (_, description) => {
    const { layers, output } = kerasModel(description, 'net.h5');
    expect(
      layers.map(({ name, inputs }) => [name, inputs]).sort(([a], [b]) => order(a) - order(b)),
    ).toEqual(expected);
    expect(output).toBe('dense');
  });

  function order(name: unknown): number {
    return expected.findIndex(([own]) => own === name);
  }
});

function kerasTensor(layer: string) {
  return {
    class_name: '__keras_tensor__',
    config: { shape: [null, 3], dtype: 'float32', keras_history: [layer, 0, 0] },
  };
}

describe('what cannot be read is refused by what is wrong with it:', () => {
  const file = sequential();
  const h5 = (root: H5Group) => h5File(root);
  test.each([
    ['no HDF5', Uint8Array.of(1, 2, 3), /the-file is no HDF5 file/],
    ['weights alone', h5({}), /the-file holds weights without their network: .*model.save/],
    ['a file that breaks off', file.slice(0, -1), /should have \d+ bytes, and has \d+/],
    ['no JSON', kerasFile('{"class_name"'), /description of the network in the-file is damaged/],
    [
      'a layer alone',
      kerasFile(input()),
      /describes a "InputLayer", and no Sequential or Functional/,
    ],
    [
      'a Lambda',
      sequential({ class_name: 'Lambda', config: { name: 'mine' } }),
      /layer "mine" \("Lambda"\) in the-file is Python code, which is not run here/,
    ],
    [
      'a class of one’s own',
      sequential({ class_name: 'Mine', config: { name: 'mine' } }),
      /layer "mine" \("Mine"\) in the-file is of a class that is not known/,
    ],
    [
      'channels first',
      sequential({
        class_name: 'MaxPooling2D',
        config: { name: 'p', data_format: 'channels_first' },
      }),
      /layer "p" .* has data_format .*channels_first.*, where "channels_last" is known/,
    ],
    [
      'a layer without weights',
      sequential({ class_name: 'Conv2D', config: { name: 'other', filters: 4, kernel_size: 1 } }),
      /layer "other" .* has no weights "kernel" in the file/,
    ],
    [
      'pictures of any size',
      kerasFile({ class_name: 'Sequential', config: [input([null, null, null, 3])] }),
      /takes images of the shape .*null.*; \[null, height, width, channels\] of sizes that are fixed/,
    ],
    [
      'weights that are no numbers',
      kerasFile(
        {
          class_name: 'Sequential',
          config: [
            input(),
            { class_name: 'Conv2D', config: { name: 'c', kernel_size: 1, use_bias: false } },
          ],
        },
        {
          c: layerGroup('c', {
            kernel: { shape: [1, 1, 3, 1], data: Float32Array.of(1, Number.NaN, 1) },
          }),
        },
      ),
      /tensor "c\/kernel" in the-file has NaN at 1/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => readKeras(bytes, 'the-file')).toThrow(message);
  });

  test('a .keras file', () => {
    expect(() => loadModel(Uint8Array.of(0x50, 0x4b), 'net.keras')).toThrow(/save .*net.h5/);
  });
});

test('a damaged file is refused, or read as a network that can be cut', () => {
  const bytes = sequential();
  truncate(bytes, readKeras);
  fuzz(bytes, readKeras, ({ network, onnx }) => {
    const cut = thinned(network);
    expect(writeOnnx(onnx, cut, 'data').bytes.length).toBeGreaterThan(0);
  });
});
