import '@tensorflow/tfjs-backend-cpu';
import { env, io, type Tensor, tensor, tensor4d } from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  layers,
  loadLayersModel,
  model,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { randomStream } from '../../../src/random.js';
import type { ReferenceMaps } from '../../../src/reference/network.js';

// Else it recommends another backend on every start.
env().set('IS_TEST', true);

/** A TensorFlow.js model as files: its model.json, and those beside it. */
export interface TfjsFixture {
  readonly bytes: Uint8Array;
  readonly beside: ReadonlyMap<string, Uint8Array>;
}

/** A layer of a value, or of several. */
type Call = (from: SymbolicTensor | SymbolicTensor[]) => SymbolicTensor;

const call =
  (layer: { apply: (from: SymbolicTensor | SymbolicTensor[]) => unknown }): Call =>
  (from) =>
    layer.apply(from) as SymbolicTensor;

/** A network of every kind of layer that is known, but for those that TensorFlow.js has not. */
export function sampleLayers(): LayersModel {
  const images = input({ shape: [9, 7, 3], name: 'images' });
  const scaled = call(layers.rescaling({ scale: 0.5, offset: 0.25 }))(images);
  const padded = call(
    layers.zeroPadding2d({
      padding: [
        [0, 1],
        [1, 0],
      ],
    }),
  )(scaled);
  const a = call(
    layers.conv2d({ name: 'a', filters: 6, kernelSize: 3, strides: 2, padding: 'same' }),
  )(padded);
  const b = call(layers.batchNormalization({ name: 'a_norm', epsilon: 1e-3 }))(a);
  const c = call(layers.reLU({ maxValue: 6 }))(b);
  const d = call(layers.depthwiseConv2d({ name: 'd', kernelSize: 3, padding: 'same' }))(c);
  const e = call(
    layers.separableConv2d({
      name: 'e',
      filters: 6,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
    }),
  )(d);
  const residual = call(layers.add())([c, e]);
  const mean = call(layers.globalAveragePooling2d({}))(residual);
  const squeezed = call(layers.reshape({ name: 'squeezed', targetShape: [1, 1, 6] }))(mean);
  const gate = call(
    layers.conv2d({ name: 'gate', filters: 6, kernelSize: 1, activation: 'sigmoid' }),
  )(squeezed);
  const gated = call(layers.multiply())([residual, gate]);
  const pooled = call(layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }))(gated);
  const averaged = call(layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }))(
    gated,
  );
  const both = call(layers.concatenate())([pooled, averaged]);
  const f = call(layers.conv2d({ name: 'f', filters: 5, kernelSize: [2, 3], useBias: false }))(
    both,
  );
  const plain = call(layers.batchNormalization({ name: 'f_norm', scale: false, center: false }))(f);
  const active = call(layers.activation({ activation: 'swish' as 'relu' }))(plain);
  const flat = call(layers.flatten())(call(layers.dropout({ rate: 0.5 }))(active));
  const hidden = call(layers.dense({ name: 'hidden', units: 7, activation: 'relu' }))(flat);
  const answers = call(layers.dense({ name: 'answers', units: 4, activation: 'softmax' }))(hidden);
  return withRandomWeights(model({ inputs: images, outputs: answers, name: 'sample' }));
}

/** The same network with numbers of which no two are alike, and variances above zero. */
function withRandomWeights(own: LayersModel): LayersModel {
  const stream = randomStream(3, 'layers');
  const drawn = own.weights.map(({ shape, name }) => {
    const sizes = shape as number[];
    const count = sizes.reduce((all, size) => all * size, 1);
    const spread = Math.sqrt(Math.max(1, count / (sizes.at(-1) ?? 1)));
    const positive = name.includes('variance');
    return tensor(
      Float32Array.from({ length: count }, () =>
        positive ? 0.5 + stream.uniform() : stream.normal() / spread,
      ),
      sizes,
    );
  });
  own.setWeights(drawn);
  return own;
}

export type Quantised = 'uint8' | 'uint16' | 'float16' | undefined;

/** A network as TensorFlow.js saves it, its weights in two files that meet within a number. */
export async function savedLayers(own: LayersModel, quantised?: Quantised): Promise<TfjsFixture> {
  let artifacts: io.ModelArtifacts | undefined;
  await own.save({
    save: async (saved) => {
      artifacts = saved;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  const { modelTopology, weightSpecs = [], weightData } = artifacts ?? {};
  const { weights, data } = quantise(
    weightSpecs,
    new Uint8Array(weightData as ArrayBuffer),
    quantised,
  );
  const middle = Math.floor(data.length / 2) | 1;
  const json = {
    format: 'layers-model',
    generatedBy: 'test',
    modelTopology,
    weightsManifest: [{ paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'], weights }],
  };
  return {
    bytes: new TextEncoder().encode(JSON.stringify(json)),
    beside: new Map([
      ['group1-shard1of2.bin', data.slice(0, middle)],
      ['group1-shard2of2.bin', data.slice(middle)],
    ]),
  };
}

function quantise(
  specs: readonly io.WeightsManifestEntry[],
  data: Uint8Array,
  quantised: Quantised,
): { readonly weights: readonly io.WeightsManifestEntry[]; readonly data: Uint8Array } {
  if (!quantised) return { weights: specs, data };
  let at = 0;
  const parts: Uint8Array[] = [];
  const weights = specs.map((spec) => {
    const count = spec.shape.reduce((all, size) => all * size, 1);
    const numbers = new Float32Array(data.slice(at, at + 4 * count).buffer);
    at += 4 * count;
    if (quantised === 'float16') {
      // Halves between one and two, of which the bits are easy to say.
      parts.push(new Uint8Array(Uint16Array.from(numbers, halfBits).buffer));
      return {
        ...spec,
        quantization: { dtype: 'float16' as const, original_dtype: 'float32' as const },
      };
    }
    const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
    const scale = (max - min) / (quantised === 'uint8' ? 255 : 65535) || 1;
    const levels = numbers.map((value) => Math.round((value - min) / scale));
    const stored = quantised === 'uint8' ? Uint8Array.from(levels) : Uint16Array.from(levels);
    parts.push(new Uint8Array(stored.buffer));
    return {
      ...spec,
      quantization: { dtype: quantised, min, scale, original_dtype: 'float32' as const },
    };
  });
  return { weights, data: new Uint8Array(Buffer.concat(parts)) };
}

/** A number as float16, cut and not rounded. */
function halfBits(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  const exponent = ((bits >>> 23) & 255) - 112;
  const sign = (bits >>> 16) & 0x8000;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((bits >>> 13) & 1023);
}

/** What TensorFlow.js, an engine of others, answers with the network that some files hold. */
export async function layersAnswers(
  { bytes, beside }: TfjsFixture,
  images: ReferenceMaps,
): Promise<Float32Array> {
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(bytes)) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: io.WeightsManifestEntry[] }[];
  };
  const parts = weightsManifest.flatMap(({ paths }) => paths.map((path) => beside.get(path)!));
  const weightData = new Uint8Array(Buffer.concat(parts)).buffer;
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const own = await loadLayersModel(io.fromMemory({ modelTopology, weightSpecs, weightData }));
  return answersOf((maps) => own.predict(maps) as Tensor, images);
}

/** What an engine answers for images, which it takes with their channels last. */
export function answersOf(
  predict: (maps: Tensor) => Tensor,
  { images, channels, height, width, data }: ReferenceMaps,
): Float32Array {
  const positions = height * width;
  const last = Float32Array.from(data, (_, at) => {
    const [image, rest] = [Math.floor(at / (positions * channels)), at % (positions * channels)];
    const [position, channel] = [Math.floor(rest / channels), rest % channels];
    return data[(image * channels + channel) * positions + position] as number;
  });
  return predict(tensor4d(last, [images, height, width, channels])).dataSync() as Float32Array;
}
