import { pathToFileURL } from 'node:url';
import type { Peer } from '../../bench/peers/peer.js';
import { isSoftware } from '../gpu/adapter.js';
import type { AdapterPreference, Host } from '../hosts/host.js';
import { openNodeAdapter, openNodeHost } from '../hosts/node.js';
import { loadDawn } from '../hosts/vulkan.js';
import type { HostFlags } from './host.js';
import { benchJob, jobs } from './jobs.js';

/**
 * A host in this process whose benchmark has the peers of `script`, which are written for a page:
 * they find its globals.
 */
export async function openNodeHostWith(
  script: string,
  { adapter, tuning }: HostFlags,
): Promise<Host<typeof jobs>> {
  // Each kind of adapter has a Dawn of its own.
  const { info } = await openNodeAdapter(adapter);
  const { globals } = await loadDawn(isSoftware(info) ? 'software' : 'hardware');
  Object.assign(globalThis, globals);
  provideGpu(adapter);
  // Imported by its address, so that nothing of the peers comes into this bundle: it is published.
  const address = pathToFileURL(script).href;
  const { peers } = (await import(/* @vite-ignore */ address)) as { peers: readonly Peer[] };
  return openNodeHost({ ...jobs, bench: benchJob(peers) }, { adapter, tuning });
}

function provideGpu(adapter: AdapterPreference): void {
  const scope = globalThis as { navigator?: object };
  // Node 20 has no navigator; later ones have one without a GPU.
  if (!scope.navigator) {
    const userAgent = `Node.js/${process.versions.node}`;
    Object.defineProperty(scope, 'navigator', { value: { userAgent } });
  }
  const gpu = { requestAdapter: () => openNodeAdapter(adapter) };
  Object.defineProperty(scope.navigator, 'gpu', { value: gpu, configurable: true });
}
