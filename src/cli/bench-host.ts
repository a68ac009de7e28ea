import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { wantsPeers } from '../../bench/bench.js';
import type { BenchRequest } from '../../bench/plan.js';
import { EspalierError } from '../errors.js';
import type { Host } from '../hosts/host.js';
import { type HostFlags, openOwnHost } from './host.js';
import type { jobs } from './jobs.js';

/** The page's script with the peers: `npm run bench` builds it in a checkout; it is not published. */
const PEERS_SCRIPT = join(import.meta.dirname, 'bench-page.js');

/**
 * Opens the host of a benchmark and closes it after use: Chrome where peers are to take part and
 * are there, otherwise what the flags say.
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
  const alone = request.subjects?.includes('espalier') === false;
  const reason = await absence(flags);
  if (reason === undefined) {
    return openWithPeers(alone ? { ...flags, host: 'chrome' } : flags);
  }
  if (alone) {
    throw new EspalierError('bad-config', `--subject ${request.subjects?.join(' ')}: ${reason}`);
  }
  process.stderr.write(`Without jax-js and TensorFlow.js: ${reason}\n`);
  return openOwnHost(flags);
}

async function absence({ host }: HostFlags): Promise<string | undefined> {
  if (host === 'node') return 'they run in Chrome; leave --host node out.';
  return access(PEERS_SCRIPT).then(
    () => undefined,
    () => 'they are not in this build. In a checkout, npm run bench builds them.',
  );
}

/** Hardware comes before peers where Chrome does not reach it and Node does. */
async function openWithPeers(flags: HostFlags): Promise<Host<typeof jobs>> {
  const { host, adapter } = flags;
  const chrome = (kind: HostFlags['adapter']) => () =>
    openOwnHost({ ...flags, host: 'chrome', adapter: kind }, PEERS_SCRIPT);
  if (host === 'chrome') return chrome(adapter)();
  const node = (kind: HostFlags['adapter']) => () =>
    openOwnHost({ ...flags, host: 'node', adapter: kind });
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
    }
  }
  return node(adapter)();
}
