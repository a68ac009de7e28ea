import { chmodSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type UserConfig } from 'vite';
import { thirdPartyNotices } from './build/notices.js';

const root = resolve(import.meta.dirname, '..');

const { dependencies, peerDependencies } = JSON.parse(
  readFileSync(resolve(root, 'package.json'), 'utf8'),
) as Record<string, Record<string, string>>;
const packages = Object.keys({ ...dependencies, ...peerDependencies });

/** Everything for Node and for bundlers: dependencies stay imports. */
const library: UserConfig = {
  plugins: [
    {
      name: 'executable command line',
      // npx links the file once, and finds it without this after the next build.
      writeBundle: ({ dir }, files) => {
        if (dir && 'cli.js' in files) chmodSync(resolve(dir, 'cli.js'), 0o755);
      },
    },
  ],
  build: {
    lib: {
      formats: ['es'],
      entry: {
        index: resolve(root, 'src/index.ts'),
        node: resolve(root, 'src/node.ts'),
        cli: resolve(root, 'src/cli/main.ts'),
        // Threads load it by its path.
        'decode-worker': resolve(root, 'src/data/decode-worker.ts'),
      },
    },
    rolldownOptions: {
      external: (id) =>
        id.startsWith('node:') || packages.some((name) => id === name || id.startsWith(`${name}/`)),
      output: { chunkFileNames: 'shared/[name].js' },
    },
  },
};

/** What is loaded on demand elsewhere, jobs and jax-js' backends, goes along: the page is served one file. */
const ONE_FILE = { output: { codeSplitting: false } };

/** The script of headless Chrome's page: one file with all that it needs. */
const page: UserConfig = {
  plugins: [thirdPartyNotices()],
  build: {
    emptyOutDir: false,
    lib: { formats: ['es'], entry: { page: resolve(root, 'src/cli/page.ts') } },
    rolldownOptions: ONE_FILE,
  },
};

/** The same with the benchmark's peers, development dependencies, which are not published. */
const benchPage: UserConfig = {
  build: {
    emptyOutDir: false,
    lib: { formats: ['es'], entry: { 'bench-page': resolve(root, 'src/cli/bench-page.ts') } },
    rolldownOptions: ONE_FILE,
  },
};

/** The peers for a benchmark in Node, bundled since their modules are written for bundlers. */
const benchPeers: UserConfig = {
  ssr: { noExternal: true },
  build: {
    emptyOutDir: false,
    ssr: true,
    rolldownOptions: {
      input: { 'bench-peers': resolve(root, 'bench/peers/peers.ts') },
      output: { entryFileNames: '[name].js', codeSplitting: false },
    },
  },
};

const configs: Readonly<Record<string, UserConfig>> = {
  page,
  'bench-page': benchPage,
  'bench-peers': benchPeers,
};

export default defineConfig(({ mode }) => {
  const { build, ...others } = configs[mode] ?? library;
  return {
    ...others,
    root,
    publicDir: false,
    logLevel: 'warn',
    build: { outDir: resolve(root, 'dist'), target: 'es2022', minify: false, ...build },
  };
});
