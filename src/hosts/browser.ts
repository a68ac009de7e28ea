import { EspalierError } from '../errors.js';
import { type AdapterKind, requestOptions, selectAdapter } from './adapter.js';
import type { AdapterPreference } from './host.js';

/**
 * How long a browser may take to answer. With some drivers and no GPU Chrome never answers a request
 * for hardware. A software adapter may have to start on a busy machine.
 */
const PATIENCE_SECONDS: Readonly<Record<AdapterKind, number>> = { hardware: 10, software: 50 };

/**
 * An adapter of a browser.
 *
 * @param gpu the browser's `navigator.gpu`.
 * @throws no-webgpu when the browser has no WebGPU; no-adapter when it has no adapter of that kind,
 *   or does not answer.
 */
export async function openBrowserAdapter(
  gpu: GPU | undefined,
  preference: AdapterPreference = 'auto',
): Promise<GPUAdapter> {
  if (!gpu) {
    throw new EspalierError(
      'no-webgpu',
      'This browser has no WebGPU (navigator.gpu is undefined). Open the page over https or on localhost in Chrome or Edge 113+, Safari 26+ or Firefox 141+; on Linux start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.',
    );
  }
  let silent: AdapterKind | undefined;
  const adapter = await selectAdapter(preference, async (kind) => {
    const answer = await answerWithin(
      PATIENCE_SECONDS[kind],
      gpu.requestAdapter(requestOptions(kind)),
    );
    if (answer === undefined) silent = kind;
    return answer ?? null;
  });
  if (adapter) return adapter;
  const hardware = preference === 'hardware';
  const instead = hardware ? { instead: { adapter: 'software' } } : {};
  if (silent) {
    throw new EspalierError('no-adapter', {
      kind: 'silent-adapter',
      adapter: silent,
      seconds: PATIENCE_SECONDS[silent],
      ...instead,
    });
  }
  const found = preference === 'auto' ? 'no adapter' : `no ${preference} adapter`;
  throw new EspalierError('no-adapter', {
    kind: 'message',
    message: `The browser has WebGPU but ${found}. Turn on graphics acceleration in its settings and look at chrome://gpu${hardware ? '' : ', or start Chrome with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader'}.`,
    ...instead,
  });
}

/** What was promised; undefined when it has not come in that time. */
async function answerWithin<T>(seconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, 1000 * seconds, undefined);
  });
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
}
