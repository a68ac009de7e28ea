import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { thirdPartyNotices, workerPackages } from '../src/build/notices.js';
import { builtInNetwork } from './build/built-in.js';
import { mnistData } from './build/mnist.js';
import { offline } from './build/offline.js';

/** Allows only files that are served with the page, and no script or style inside the markup. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Only in the build: the development server adds inline styles and a socket, which it forbids. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'espalier-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
        injectTo: 'head-prepend',
      },
    ],
  };
}

const inWorkers = workerPackages();

export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  // Relative addresses, so that the folder works under any path of any host.
  base: './',
  publicDir: false,
  logLevel: 'warn',
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
  plugins: [
    contentSecurityPolicy(),
    mnistData({ full: mode === 'full' }),
    builtInNetwork(),
    thirdPartyNotices(inWorkers),
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
    // before.ts must run before zod and uPlot load, whichever chunks they are put into.
    rolldownOptions: { output: { strictExecutionOrder: true } },
  },
}));
