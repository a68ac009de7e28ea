import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EspalierError, throwIfAborted } from '../errors.js';
import type { ExecuteOptions } from './host.js';
import { decode, encode } from './message.js';
import type { Command, Failure, Reply } from './page.js';

/** A command without its id, which the channel adds. */
export type Request =
  | Omit<Extract<Command, { kind: 'open' }>, 'id'>
  | Omit<Extract<Command, { kind: 'execute' }>, 'id'>
  | Omit<Extract<Command, { kind: 'tuning' }>, 'id'>;

/** Sends commands to the page that is opened at `url`, and receives its replies. */
export interface Channel {
  readonly url: string;
  /** Sends a command and returns the page's result. */
  call(request: Request, options?: ExecuteOptions<unknown>): Promise<unknown>;
  /** The page is gone: ends all calls, and all later ones, with this error. */
  fail(error: Error): void;
  close(): Promise<void>;
}

interface Call {
  readonly options: ExecuteOptions<unknown>;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** The error that `onEvent` threw. The page is only told that there was one. */
  thrown?: unknown;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>espalier</title><link rel="icon" href="data:,">
<script type="module" src="page.js" onerror="throw new Error('The page script did not load.')"></script>`;

const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  // These headers isolate the page. An isolated page has a clock of 5 µs instead of 100 µs.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Serves a page with the script at `pageScript` on the loopback interface. The page fetches
 * commands and posts replies, both as messages of `encode`. The post of an event is answered when
 * `onEvent` is done, so a job cannot run ahead of its listener. Every address starts with a random
 * token, so that no other program on the machine can take part.
 *
 * @throws bad-config when the script cannot be read.
 */
export async function openChannel(pageScript: string): Promise<Channel> {
  const script = await readFile(pageScript).catch((cause: unknown) => {
    throw new EspalierError(
      'bad-config',
      `The page script ${pageScript} cannot be read: ${String(cause)}. Build it first.`,
      { cause },
    );
  });
  const token = randomBytes(24).toString('base64url');
  const calls = new Map<number, Call>();
  const commands: Uint8Array[] = [];
  let poll: ServerResponse | undefined;
  let nextId = 1;
  let failure: Error | undefined;

  const flush = () => {
    if (!poll || commands.length === 0) return;
    poll.end(commands.shift());
    poll = undefined;
  };
  const send = (command: Command) => {
    commands.push(encode(command));
    flush();
  };

  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of calls.values()) reject(error);
  };

  const receive = async (reply: Reply): Promise<boolean> => {
    const call = calls.get(reply.id);
    if (!call) return true;
    if (reply.kind === 'result') call.resolve(reply.output);
    else if (reply.kind === 'failure') call.reject(call.thrown ?? revivedError(reply.error));
    else {
      try {
        await call.options.onEvent?.(reply.event);
      } catch (error) {
        call.thrown = error;
        return false;
      }
    }
    return true;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, given, path] = (request.url ?? '').split('/');
    const route = given === token ? `${request.method} ${path}` : 'no token';
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    if (route === 'GET ') response.setHeader('content-type', 'text/html').end(PAGE);
    else if (route === 'GET page.js') {
      response.setHeader('content-type', 'text/javascript').end(script);
    } else if (route === 'POST next') {
      poll = response;
      flush();
    } else if (route === 'POST reply') {
      const understood = await receive(decode(await requestBody(request)) as Reply);
      response.writeHead(understood ? 204 : 500).end();
    } else response.writeHead(404).end();
  };

  // No timeout: otherwise the server might close a socket just as the page posts on it.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    serve(request, response).catch((error: Error) => {
      fail(error);
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${token}/`,
    fail,
    call: async (request, options = {}) => {
      throwIfAborted(options.signal);
      if (failure) throw failure;
      const id = nextId++;
      const stop = () => send({ kind: 'stop', id });
      const command = { ...request, id } as Command;
      options.signal?.addEventListener('abort', stop);
      try {
        return await new Promise((resolve, reject) => {
          calls.set(id, { options, resolve, reject });
          send(command);
        });
      } finally {
        calls.delete(id);
        options.signal?.removeEventListener('abort', stop);
      }
    },
    close: async () => {
      fail(new EspalierError('aborted', 'The host was closed.'));
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function revivedError({ ours, message, stack }: Failure): Error {
  const error = ours ? new EspalierError(ours.code, ours.details) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

async function requestBody(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
