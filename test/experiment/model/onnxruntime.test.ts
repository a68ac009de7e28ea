import { readFileSync } from 'node:fs';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPictureSource } from '../../../src/data/picture-folder.js';
import { type Pictures, type Preprocessing, picturesAt } from '../../../src/data/pictures.js';
import { loadModel, type Model } from '../../../src/experiment/model/model.js';
import { finalResult } from '../../../src/experiment/relay.js';
import type { Device } from '../../../src/gpu/device.js';
import { evaluatePictures } from '../../../src/train/evaluation.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { isShared, sharedPath } from '../../shared.js';

/** How far two engines' float32 logits may lie apart. */
const TOLERANCE = 1e-4;
const PICTURES = 36;

/** A network's input as ONNX has it: [images, channels, rows, columns]. */
function normalised(pictures: Pictures, { mean, deviation }: Preprocessing): Tensor {
  const { count, height, width, channels, pixels } = pictures;
  const positions = height * width;
  const data = Float32Array.from({ length: pixels.length }, (_, at) => {
    const channel = Math.floor(at / positions) % channels;
    const image = Math.floor(at / (positions * channels));
    const pixel = pixels[(image * positions + (at % positions)) * channels + channel];
    return ((pixel ?? Number.NaN) / 255 - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
  });
  return new Tensor('float32', data, [count, channels, height, width]);
}

describe.runIf(isShared)(
  'ONNX Runtime, on what PyTorch exported, and the engine, on its weights',
  () => {
    let device: Device;
    let pictures: Pictures;
    let answers: Float32Array;
    const file = 'resnet20-12fca82f.th';
    let model: Model;
    beforeAll(async () => {
      device = await sharedDevice();
      // More threads would be workers, which outlive the test.
      env.wasm.numThreads = 1;
      const source = await readPictureSource(sharedPath('data/cifar10-small'));
      pictures = picturesAt(
        source.test,
        Array.from({ length: PICTURES }, (_, at) => 50 * at),
      );
      model = loadModel(readFileSync(sharedPath(`models/${file}`)), file);
      const { network, preprocessing } = model;
      const options = { preprocessing, answers: true };
      const evaluation = evaluatePictures(device, network, pictures, options);
      answers = (await finalResult(evaluation)).answers ?? new Float32Array();
    });
    afterAll(requireNothingLeft);

    test.each(['resnet20.onnx', 'resnet20-bn.onnx'])('%s: the same logits', async (name) => {
      const session = await InferenceSession.create(readFileSync(sharedPath(`models/${name}`)));
      const [input = '', output = ''] = [session.inputNames[0], session.outputNames[0]];
      // One of the two takes a picture at a time.
      for (let picture = 0; picture < PICTURES; picture++) {
        const own = normalised(picturesAt(pictures, [picture]), model.preprocessing);
        const { [output]: logits } = await session.run({ [input]: own });
        const values = Array.from((logits as Tensor).data as Float32Array);
        expect(values).toHaveLength(10);
        values.forEach((logit, label) => {
          const answer = answers[10 * picture + label] ?? Number.NaN;
          expect(Math.abs(logit - answer)).toBeLessThan(TOLERANCE);
        });
      }
      await session.release();
    });
  },
);
