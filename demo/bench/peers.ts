import type { Peer } from '../../bench/peers/peer.js';
import type { BenchEntry } from '../../bench/report.js';

declare global {
  interface ImportMeta {
    readonly env: {
      /** The peers' versions by package, in the build that has them; see demo/vite.config.ts. */
      readonly PEERS?: Readonly<Record<string, string>>;
    };
  }
}

/** Other libraries that do the same work in this page. */
export interface Peers {
  /** Brings their scripts: megabytes that nobody else waits for. */
  readonly load: () => Promise<readonly Peer[]>;
  /** By npm package. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Undefined in the page as it is published: the peers are development dependencies. */
export const PEERS: Peers | undefined = import.meta.env.PEERS && {
  load: async () => (await import('../../bench/peers/peers.js')).peers,
  versions: import.meta.env.PEERS,
};

/** Who does the work, as the page names them. */
export const NAMES: Readonly<Record<BenchEntry['subject'], string>> = {
  espalier: 'Espalier',
  'jax-js': 'jax-js',
  tfjs: 'TensorFlow.js',
  onnxruntime: 'ONNX Runtime',
};
