import { isSoftware } from '../gpu/adapter.js';
import type { AdapterPreference } from './host.js';

export type AdapterKind = 'hardware' | 'software';

/**
 * The first adapter of a kind that the preference allows, hardware before software. The kind of the
 * adapter is checked, since some platforms give a software adapter when asked for hardware.
 */
export async function selectAdapter(
  preference: AdapterPreference,
  request: (kind: AdapterKind) => Promise<GPUAdapter | null>,
): Promise<GPUAdapter | undefined> {
  const kinds = preference === 'auto' ? (['hardware', 'software'] as const) : [preference];
  for (const kind of kinds) {
    const adapter = await request(kind);
    if (adapter && isSoftware(adapter.info) === (kind === 'software')) return adapter;
  }
  return undefined;
}

/** The WebGPU options that ask for an adapter of a kind. */
export function requestOptions(kind: AdapterKind): GPURequestAdapterOptions {
  return kind === 'hardware'
    ? { powerPreference: 'high-performance' }
    : { forceFallbackAdapter: true };
}

/**
 * Dawn's toggle to let the driver clear workgroup memory. It is turned off: Dawn then adds a loop
 * to the kernel that clears it. SwiftShader would unroll the clearing to one store a word, and take
 * seconds to compile a kernel with 8 KiB of workgroup memory. Memory is zero either way.
 */
export const CLEARED_BY_DRIVER = 'use_vulkan_zero_initialize_workgroup_memory_extension';
