import { access } from 'node:fs/promises';
import { wantsPeers } from '../../bench/bench.js';
import type { BenchRequest } from '../../bench/plan.js';
import { EspalierError } from '../errors.js';
import { silenceNote } from '../hosts/chrome.js';
import type { Host } from '../hosts/host.js';
import { openNodeHostWith } from './bench-node.js';
import { builtPath } from './built.js';
import { type HostFlags, openOwnHost } from './host.js';
import type { jobs } from './jobs.js';

/** The page's script with the peers, and the peers for Node: built by `npm run bench`, not published. */
const PAGE_SCRIPT = 'bench-page.js';
const PEERS_SCRIPT = 'bench-peers.js';

/**
 * Opens the host of a benchmark and closes it after use: with the peers where they are to take part
 * and are there, otherwise as the flags say.
 *
 * @throws bad-config when peers alone are asked for, and are not there.
 */
export async function withBenchHost<T>(
  request: BenchRequest,
  flags: HostFlags,
  use: (host: Host<typeof jobs>) => Promise<T>,
): Promise<T> {
  const host = await openBenchHost(request, flags);
  try {
    return await use(host);
  } finally {
    await host.close();
  }
}

async function openBenchHost(request: BenchRequest, flags: HostFlags) {
  if (!wantsPeers(request)) return openOwnHost(flags);
  const built = await Promise.all(
    [PAGE_SCRIPT, PEERS_SCRIPT].map((script) => access(builtPath(script))),
  ).then(
    () => true,
    () => false,
  );
  if (built) return openWithPeers(flags);
  const reason = 'they are not in this build. In a checkout, npm run bench builds them.';
  if (request.subjects?.includes('espalier') === false) {
    throw new EspalierError('bad-config', `--subject ${request.subjects.join(' ')}: ${reason}`);
  }
  process.stderr.write(`Without jax-js, TensorFlow.js and ONNX Runtime: ${reason}\n`);
  return openOwnHost(flags);
}

/** Chrome, for which the peers are made, comes before Node unless only Node reaches hardware. */
async function openWithPeers(flags: HostFlags): Promise<Host<typeof jobs>> {
  const { host, adapter } = flags;
  const chrome = (kind: HostFlags['adapter']) => () =>
    openOwnHost({ ...flags, host: 'chrome', adapter: kind }, builtPath(PAGE_SCRIPT));
  const node = (kind: HostFlags['adapter']) => () =>
    openNodeHostWith(builtPath(PEERS_SCRIPT), { ...flags, adapter: kind });
  if (host === 'chrome') return chrome(adapter)();
  if (host === 'node') return node(adapter)();
  const attempts =
    adapter === 'auto'
      ? [chrome('hardware'), node('hardware'), chrome('software')]
      : [chrome(adapter)];
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      const absent =
        error instanceof EspalierError &&
        (error.code === 'no-webgpu' || error.code === 'no-adapter');
      if (!absent) throw error;
      const note = silenceNote(error);
      if (note) process.stderr.write(`${note}\n`);
    }
  }
  return node(adapter)();
}
