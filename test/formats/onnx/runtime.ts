import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import type { MapShape } from '../../../src/graph/graph.js';
import type { ReferenceMaps } from '../../../src/reference/network.js';

/** What ONNX Runtime, an engine of others, answers for images one at a time: [images × classes]. */
export async function runtimeAnswers(
  bytes: Uint8Array,
  { images, channels, height, width, data }: ReferenceMaps,
  { channelsLast = false }: { readonly channelsLast?: boolean } = {},
): Promise<Float64Array> {
  const session = await openSession(bytes);
  const size = channels * height * width;
  const answers: number[] = [];
  for (let image = 0; image < images; image++) {
    const own = Float32Array.from(data.subarray(image * size, (image + 1) * size));
    const turned = own.map((_, at) => {
      const position = Math.floor(at / channels);
      return own[(at % channels) * height * width + position] ?? Number.NaN;
    });
    const tensor = channelsLast
      ? new Tensor('float32', turned, [1, height, width, channels])
      : new Tensor('float32', own, [1, channels, height, width]);
    const results = await session.run({ [session.inputNames[0] ?? '']: tensor });
    const found = results[session.outputNames[0] ?? ''];
    answers.push(...Array.from(found?.data as Float32Array));
  }
  await session.release();
  return Float64Array.from(answers);
}

/** How many milliseconds ONNX Runtime takes for so many images at once, each time that it is asked. */
export async function timedRuntime(
  bytes: Uint8Array,
  { channels, height, width }: MapShape,
  images: number,
): Promise<() => Promise<number>> {
  const session = await openSession(bytes);
  const data = new Float32Array(images * channels * height * width).fill(0.5);
  const tensor = new Tensor('float32', data, [images, channels, height, width]);
  return async () => {
    const start = performance.now();
    await session.run({ [session.inputNames[0] ?? '']: tensor });
    return performance.now() - start;
  };
}

function openSession(bytes: Uint8Array): Promise<InferenceSession> {
  // More threads would be workers, which outlive the test.
  env.wasm.numThreads = 1;
  // Tensors that nobody reads are wanted here, and no reason for a warning.
  return InferenceSession.create(bytes, { logSeverityLevel: 3 });
}
