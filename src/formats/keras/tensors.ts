import type { LayerTensor } from '../onnx/channels-last.js';

/** A tensor of a layer by the layer's name and its own last word, such as `kernel`. */
export type LayerTensors = (layer: string, role: string) => LayerTensor | undefined;

/** A tensor by the path that a file has for it: `conv2d/kernel:0`, `network/conv2d/kernel`. */
export interface NamedTensor {
  readonly path: string;
  /** The layer, where the file says so apart from the path. */
  readonly layer?: string;
  readonly read: () => LayerTensor;
}

/** Finds tensors by their layers: the one that the file names, else what stands before the last word. */
export function layerTensors(all: readonly NamedTensor[]): LayerTensors {
  const found = new Map<string, () => LayerTensor>();
  for (const { path, layer, read } of all) {
    const words = path.replace(/:\d+$/, '').split('/');
    const role = words.pop() ?? '';
    for (const owner of [layer, words.join('/'), words.at(-1)]) {
      if (owner === undefined) continue;
      const key = keyOfRole(owner, role);
      if (!found.has(key)) found.set(key, read);
    }
  }
  return (layer, role) => found.get(keyOfRole(layer, role))?.();
}

function keyOfRole(layer: string, role: string): string {
  return JSON.stringify([layer, role]);
}
