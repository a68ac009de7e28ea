import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { EspalierError } from '../errors.js';
import { quoted } from '../text.js';

const REDIS_PORT = 6379;
const ANSWER_MILLIS = 10_000;

/** A reply to a few short commands. */
const MOST_REPLY_BYTES = 4096;

/** Host and port of an address, without its password. */
export function redisPlace(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // What follows a password's own '#', '?' or '/' would be looked up, and told, as a host.
  const unescaped = url && `${url.pathname}${url.search}${url.hash}`.includes('@');
  if (url?.hostname && /^rediss?:$/.test(url.protocol) && !unescaped) {
    return `${url.hostname}:${url.port || REDIS_PORT}`;
  }
  throw new EspalierError(
    'bad-config',
    '--queue must be the address of a Redis server, such as redis://localhost:6379 or redis://:PASSWORD@host:6379, with @ : / # ? and % in a password written as %40 %3A %2F %23 %3F and %25.',
  );
}

/** The address as others may see it. */
export function shownAddress(address: string): string {
  return `${new URL(address).protocol}//${redisPlace(address)}`;
}

/**
 * Asks a Redis server, by its own protocol (RESP), whether it takes commands from us. The queue's client
 * is not asked: it tries again and again, and at last throws the password with its error.
 *
 * @throws bad-config when it answers with a refusal; the error of the connection when it does not answer.
 */
export async function greetServer(address: string): Promise<void> {
  const url = new URL(address);
  const [user, password] = [url.username, url.password].map(decoded);
  const login = password ? [['AUTH', ...(user ? [user] : []), password]] : [];
  const commands = [...login, ['PING']];
  const socket = openSocket(url);
  socket.setTimeout(ANSWER_MILLIS, () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, url.protocol === 'rediss:' ? 'secureConnect' : 'connect');
    socket.write(commands.map(asRequest).join(''));
    let reply = '';
    for await (const piece of socket) {
      reply += String(piece);
      const lines = reply.split('\r\n').slice(0, -1);
      const refusal = lines.find((line) => line.startsWith('-'));
      if (refusal !== undefined) throw refused(address, refusal.slice(1));
      if (lines.length >= commands.length) return;
      if (reply.length > MOST_REPLY_BYTES) break;
    }
    throw new Error('what answers is no Redis server');
  } finally {
    socket.destroy();
  }
}

function openSocket({ hostname, port, protocol }: URL): Socket {
  const to = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || REDIS_PORT) };
  return protocol === 'rediss:' ? connectSecurely({ ...to, servername: to.host }) : connect(to);
}

/** A part of an address as it was before it was escaped. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function asRequest(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}

function refused(address: string, reply: string): EspalierError {
  return new EspalierError(
    'bad-config',
    `Redis at ${redisPlace(address)} refuses to work for us: ${quoted(reply)}. Give its user and password with --queue redis://USER:PASSWORD@host:port.`,
  );
}
