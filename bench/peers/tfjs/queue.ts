import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';

export function backend(): WebGPUBackend {
  return tf.backend() as WebGPUBackend;
}

/**
 * Sends off what is pending and waits for the end of the queue. Waiting alone would send nothing
 * off.
 */
export async function finished(): Promise<void> {
  const webgpu = backend();
  // Right after a read there is nothing to submit, and submitQueue would fail without this.
  webgpu.ensureCommandEncoderReady();
  webgpu.endComputePassEncoder();
  webgpu.submitQueue();
  await webgpu.queue.onSubmittedWorkDone();
}
