import { resolve } from 'node:path';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import { thirdPartyNotices, workerPackages } from '../src/build/notices.js';
import { findPackage } from '../src/hosts/packages.js';
import { builtInNetwork } from './build/built-in.js';
import { mnistData } from './build/mnist.js';
import { offline } from './build/offline.js';

/** Allows only files that are served with the page, and no script or style inside the markup. */
const policy = (scripts: string) =>
  [
    "default-src 'none'",
    `script-src 'self'${scripts}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** Only in the build: the development server adds inline styles and a socket, which it forbids. */
function contentSecurityPolicy(scripts: string): Plugin {
  return {
    name: 'espalier-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy(scripts) },
        injectTo: 'head-prepend',
      },
    ],
  };
}

const inWorkers = workerPackages();

/** The benchmark's peers, which the page has with `--mode peers` alone: npm run prebench builds that. */
const PEERS = ['@jax-js/jax', '@tensorflow/tfjs-backend-webgpu', 'onnxruntime-web'];

async function versions(packages: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const found = packages.map(async (name) => [name, (await findPackage(name))?.version] as const);
  return Object.fromEntries(
    (await Promise.all(found)).flatMap(([name, version]) => (version ? [[name, version]] : [])),
  );
}

export default defineConfig(
  async ({ mode }): Promise<UserConfig> => ({
    root: import.meta.dirname,
    // Relative addresses, so that the folder works under any path of any host.
    base: './',
    publicDir: false,
    logLevel: 'warn',
    server: { host: '127.0.0.1' },
    preview: { host: '127.0.0.1' },
    define: {
      'import.meta.env.PEERS': JSON.stringify(mode === 'peers' ? await versions(PEERS) : undefined),
    },
    plugins: [
      // One of the peers is WebAssembly.
      contentSecurityPolicy(mode === 'peers' ? " 'wasm-unsafe-eval'" : ''),
      mnistData({ full: mode === 'full' }),
      builtInNetwork(),
      // The page with the peers is for this machine alone: not all of them bring a licence text.
      ...(mode === 'peers' ? [] : [thirdPartyNotices(inWorkers)]),
      offline(),
    ],
    worker: { format: 'es', plugins: () => [inWorkers.plugin()] },
    build: {
      outDir: resolve(import.meta.dirname, '../dist/demo'),
      emptyOutDir: true,
      target: 'es2022',
      // No assets as data: addresses, which the policy forbids.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // One script that is brought when it is asked for.
      ...(mode === 'peers' && { chunkSizeWarningLimit: 1000 }),
      // before.ts must run before zod and uPlot load, whichever chunks they are put into.
      rolldownOptions: { output: { strictExecutionOrder: true } },
    },
  }),
);
