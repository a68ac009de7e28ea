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
