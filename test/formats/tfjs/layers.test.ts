import { describe, expect, test } from 'vitest';
import { loadModel } from '../../../src/experiment/model/model.js';
import { modelFiles } from '../../../src/experiment/model/model-files.js';
import { namesBeside } from '../../../src/formats/networks.js';
import { readTfjsLayers, writeTfjsLayers } from '../../../src/formats/tfjs/layers.js';
import type { Network } from '../../../src/graph/weights.js';
import { fuzz, truncate } from '../../fuzz.js';
import { randomImages } from '../../graph/sample.js';
import { expectAgreement, expectShares, thinned } from '../onnx/agreement.js';
import {
  layersAnswers,
  type Quantised,
  sampleLayers,
  savedLayers,
  type TfjsFixture,
} from './networks.js';

/** Holds a network against TensorFlow.js on the files that it should be. */
async function expectLayers(network: Network, files: TfjsFixture): Promise<void> {
  const images = randomImages(network.graph, 2);
  expectShares(network, images, await layersAnswers(files, images));
}

describe('a layers model has TensorFlow.js’s answers, before a cut and after, as layers and as ONNX:', () => {
  test.each([undefined, 'uint8', 'uint16', 'float16'] as const)(
    'weights as %s',
    async (quantised: Quantised) => {
      const files = await savedLayers(sampleLayers(), quantised);
      const model = loadModel(files.bytes, 'net/model.json', { beside: files.beside });
      expect(model.architecture).toBe('model');
      await expectLayers(model.network, files);
      expect(modelFiles(model, 'same.json')).toEqual(files);
      const network = thinned(model.network);
      const cut = modelFiles({ ...model, network }, 'small.json');
      expect([...cut.beside.keys()]).toEqual(['small.bin']);
      const again = loadModel(cut.bytes, 'small.json', cut);
      await expectLayers(again.network, cut);
      if (quantised) return;
      expect(again.network.graph.nodes).toEqual(network.graph.nodes);
      expect([...again.network.weights]).toEqual([...network.weights]);
      const onnx = modelFiles({ ...model, network }, 'small.onnx');
      await expectAgreement(network, onnx.bytes, { shares: true });
    },
  );
});

/** A model.json of one layer, with changes. */
function plain(changes: object = {}, manifest: object = {}): Uint8Array<ArrayBuffer> {
  const layers = [
    { class_name: 'InputLayer', config: { name: 'images', batch_input_shape: [null, 5] } },
    { class_name: 'Dense', config: { name: 'hidden', units: 3, use_bias: false } },
    { class_name: 'Dense', config: { name: 'dense', units: 2, use_bias: false } },
  ];
  const weights = [
    { name: 'hidden/kernel', shape: [5, 3], dtype: 'float32' },
    { name: 'dense/kernel', shape: [3, 2], dtype: 'float32' },
  ];
  const model = {
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config: { name: 'net', layers } },
    weightsManifest: [{ paths: ['a.bin'], weights, ...manifest }],
    ...changes,
  };
  return new TextEncoder().encode(JSON.stringify(model));
}

const SHARD = new Uint8Array(Float32Array.from({ length: 21 }, (_, at) => at / 7).buffer);
const read = (bytes: Uint8Array, file: string, shard = SHARD) =>
  readTfjsLayers(bytes, file, new Map([['a.bin', shard]]));

describe('what cannot be read is refused by what is wrong with it:', () => {
  const weights = (...specs: readonly object[]) => plain({}, { weights: specs });
  test.each([
    ['no JSON', new TextEncoder().encode('{"format"'), /the-file is no TensorFlow.js model/],
    ['no weights', plain({ weightsManifest: undefined }), /weightsManifest: /],
    ['a missing file', plain({}, { paths: ['b.bin'] }), /"b.bin" is missing: put it beside/],
    [
      'a tensor that breaks off',
      weights({ name: 'w', shape: [5, 5], dtype: 'float32' }),
      /"w" lies from byte 0 to 100 of a.bin, which end at 84/,
    ],
    [
      'more bytes than tensors',
      weights({ name: 'w', shape: [5], dtype: 'float32' }),
      /tensors take 20 bytes of a.bin, which have 84/,
    ],
    [
      'a tensor of texts',
      weights({ name: 'w', shape: [5], dtype: 'string' }),
      /"w" of type "string" and shape \[5\] cannot be read/,
    ],
    [
      'a shape beyond counting',
      weights({ name: 'w', shape: [2 ** 40, 2 ** 40], dtype: 'float32' }),
      /"w" of type "float32" and shape/,
    ],
    [
      'a tensor of another layer',
      weights({ name: 'other/kernel', shape: [21], dtype: 'float32' }),
      /layer "hidden" \("Dense"\) in the-file has no weights "kernel"/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => read(bytes, 'the-file')).toThrow(message);
  });

  test('weights that are no numbers', () => {
    const shard = SHARD.map((byte, at) => (at < 8 ? 0xff : byte));
    expect(() => read(plain(), 'the-file', shard)).toThrow(/"hidden\/kernel" in the-file has NaN/);
  });

  test('a file in another folder', () => {
    const bytes = plain({}, { paths: ['../a.bin'] });
    expect(() => namesBeside(bytes, 'net/model.json')).toThrow(/wants weights from "..\/a.bin"/);
  });
});

test('a damaged model.json is refused, or read as a network that can be cut and written', () => {
  const bytes = plain();
  truncate(bytes, read);
  fuzz(bytes, read, ({ network, onnx, layers }) => {
    const cut = { network: thinned(network), shard: 'small.bin' };
    expect(writeTfjsLayers(layers, onnx, cut).bytes.length).toBeGreaterThan(0);
  });
});
