import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';

export function backend(): WebGPUBackend {
  return tf.backend() as WebGPUBackend;
}

/** Sends off what is pending, which waiting alone would not, and waits for the end of the queue. */
export async function finished(): Promise<void> {
  const webgpu = backend();
  // Without it there is nothing to submit right after a read, and submitQueue fails.
  webgpu.ensureCommandEncoderReady();
  webgpu.endComputePassEncoder();
  webgpu.submitQueue();
  await webgpu.queue.onSubmittedWorkDone();
}
