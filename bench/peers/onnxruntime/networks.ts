import { env, InferenceSession, Tensor } from 'onnxruntime-web/webgpu';
import { DISPOSE } from '../../../src/disposal.js';
import { exportOnnx } from '../../../src/formats/onnx/export.js';
import type { Network } from '../../../src/graph/weights.js';
import type { ConvolutionTask, NetworkTask, PeerProgram } from '../peer.js';
import { permuted } from '../permute.js';

/** A graph in one session, which fuses what it can. */
export function networkForward(task: NetworkTask): Promise<PeerProgram<Float32Array>> {
  return session(task, task);
}

/** A graph of one convolution. */
export async function convolution(task: ConvolutionTask): Promise<PeerProgram<Float32Array>> {
  const { size, channels, outputs, kernel, stride, padding, outputSize, images } = task;
  const around = { top: padding, left: padding, bottom: padding, right: padding };
  const program = await session(
    {
      graph: {
        name: 'convolution',
        input: { name: 'input', channels, height: size, width: size },
        nodes: [
          {
            kind: 'convolution',
            name: 'sums',
            inputs: ['input'],
            weight: 'weight',
            outputs,
            groups: 1,
            kernel: [kernel, kernel],
            stride: [stride, stride],
            padding: around,
          },
          { kind: 'flatten', name: 'row', inputs: ['sums'] },
        ],
        output: 'row',
      },
      weights: new Map([
        ['weight', { shape: [outputs, channels, kernel, kernel], data: task.weight }],
      ]),
    },
    task,
  );
  const shape = [images, outputs, outputSize, outputSize];
  return { ...program, answer: async () => permuted(await program.answer(), shape, [0, 2, 3, 1]) };
}

/** The images come along with each run, as it has them, channels before positions; the answers stay on the device. */
async function session(
  network: Network,
  { images, input }: Pick<NetworkTask, 'images' | 'input'>,
): Promise<PeerProgram<Float32Array>> {
  const { channels, height, width } = network.graph.input;
  const model = await InferenceSession.create(exportOnnx(network), {
    executionProviders: ['webgpu'],
    preferredOutputLocation: 'gpu-buffer',
  });
  const [from = '', to = ''] = [model.inputNames[0], model.outputNames[0]];
  const turned = permuted(input, [images, height, width, channels], [0, 3, 1, 2]);
  const given = new Tensor('float32', turned, [images, channels, height, width]);
  let answer: Tensor | undefined;
  return {
    run: async (times) => {
      for (let time = 0; time < times; time++) {
        answer?.dispose();
        answer = (await model.run({ [from]: given }))[to] as Tensor;
      }
      await (await env.webgpu.device).queue.onSubmittedWorkDone();
    },
    answer: async () => Float32Array.from((await answer?.getData()) as Float32Array),
    [DISPOSE]: () => {
      answer?.dispose();
      void model.release();
    },
  };
}
