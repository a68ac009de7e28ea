import { blockUntilReady, getWebGPUDevice, type JsTree } from '@jax-js/jax';

/** Sends off what is pending and waits for the end of the queue, as every timing must. */
export async function finished(results: JsTree<unknown> = []): Promise<void> {
  await blockUntilReady(results);
  // What jax-js waits for is the mapping of an empty buffer, which need not come last.
  await getWebGPUDevice().queue.onSubmittedWorkDone();
}
