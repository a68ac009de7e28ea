import type { Preprocessing } from '../../src/index.js';
import type { NetworkView } from './protocol.js';

/** A few lines that run a file of a network, in the language that its form is mostly used from. */
export function snippetFor(
  name: string,
  {
    input,
    layout,
  }: Pick<NetworkView, 'input'> & { readonly layout: 'rows first' | 'channels first' },
  {
    mean,
    deviation,
    guessed,
  }: Preprocessing & {
    /** Whether the mean and deviation are a guess, which the lines say then. */
    readonly guessed: boolean;
  },
): string {
  const { height, width, channels } = input;
  const list = (values: readonly number[]) =>
    `[${values.map((value) => Number(value.toPrecision(6))).join(', ')}]`;
  const caution = (comment: string) =>
    guessed
      ? `${comment} The mean and deviation are a guess: take those that the network was trained with.\n`
      : '';
  if (name.endsWith('.json')) {
    return `import * as tf from '@tensorflow/tfjs';

const model = await tf.loadLayersModel('${name}'); // its .bin lies beside it
${caution('//')}const x = tf.browser.fromPixels(image${channels === 1 ? ', 1' : ''}).resizeBilinear([${height}, ${width}]).div(255)
  .sub(${list(mean)}).div(${list(deviation)}).expandDims();
const answers = model.predict(x);`;
  }
  if (name.endsWith('.onnx')) {
    const pixels = `pixels = Image.open("picture.png").convert("${channels === 1 ? 'L' : 'RGB'}").resize((${width}, ${height}))
${caution('#')}x = (np.asarray(pixels, np.float32).reshape(${height}, ${width}, ${channels}) / 255 - ${list(mean)}) / ${list(deviation)}`;
    const turned = layout === 'channels first' ? 'x.transpose(2, 0, 1)[None]' : 'x[None]';
    return `import numpy as np, onnxruntime
from PIL import Image

session = onnxruntime.InferenceSession("${name}")
${pixels}
answers = session.run(None, {session.get_inputs()[0].name: ${turned}.astype(np.float32)})[0]`;
  }
  return `import { readFile } from 'node:fs/promises';
import { evaluateModel, finalResult, loadModel } from 'espalier';
import { openNodeDevice, readPictureSource } from 'espalier/node';

${caution('//')}const model = loadModel(await readFile('${name}'), '${name}');
const { test } = await readPictureSource('pictures', { size: model.network.graph.input });
const device = await openNodeDevice();
console.log(await finalResult(evaluateModel(device, { ...model, pictures: test })));
device.dispose();`;
}
