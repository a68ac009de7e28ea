import { isSoftware } from '../gpu/adapter.js';
import type { AdapterPreference } from './host.js';

export type AdapterKind = 'hardware' | 'software';

/**
 * The adapter that a preference allows, hardware first. What a platform answers is checked, not
 * trusted: some give a software adapter when asked for hardware.
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

/** The standard request for an adapter of a kind. */
export function requestOptions(kind: AdapterKind): GPURequestAdapterOptions {
  return kind === 'hardware'
    ? { powerPreference: 'high-performance' }
    : { forceFallbackAdapter: true };
}

/**
 * Dawn's toggle by which a driver clears workgroup memory; without it Dawn writes a loop that does.
 * SwiftShader unrolls its clearing, a store a word, so that a kernel with 8 KiB of workgroup memory
 * takes seconds to compile instead of a fraction of one. Memory is zero either way.
 */
export const CLEARED_BY_DRIVER = 'use_vulkan_zero_initialize_workgroup_memory_extension';
