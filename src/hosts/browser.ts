import { EspalierError } from '../errors.js';
import { requestOptions, selectAdapter } from './adapter.js';
import type { AdapterPreference } from './host.js';

/**
 * An adapter of a browser.
 *
 * @param gpu the browser's `navigator.gpu`.
 * @throws no-webgpu when the browser has no WebGPU; no-adapter when it has no adapter of that kind.
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
  const adapter = await selectAdapter(preference, (kind) =>
    gpu.requestAdapter(requestOptions(kind)),
  );
  if (adapter) return adapter;
  const found = preference === 'auto' ? 'no adapter' : `no ${preference} adapter`;
  const hardware = preference === 'hardware';
  throw new EspalierError('no-adapter', {
    kind: 'message',
    message: `The browser has WebGPU but ${found}. Turn on graphics acceleration in its settings and look at chrome://gpu${hardware ? '' : ', or start Chrome with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader'}.`,
    ...(hardware && { instead: { adapter: 'software' } }),
  });
}
