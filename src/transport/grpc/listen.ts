// Sockets to serve on. Bound here and not by grpc-js, which prints to the console when a port is taken.

import { chmodSync, chownSync } from 'node:fs';
import { createServer } from 'node:net';
import type { ListenOptions, Server } from 'node:net';
import type { Socket } from 'node:net';
import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { groupId } from '../group-id.ts';
import { checkUnixPath } from './target.ts';
import type { BoundAddress } from './target.ts';

/** Where to listen. */
export type ListenTarget =
  | {
      readonly network: 'unix';
      /** Path of the socket to make, in a directory that only its user may enter. */
      readonly path: string;
      /** Name or number of a group that may connect. Default: as the umask says. */
      readonly group?: string | undefined;
    }
  | {
      readonly network: 'tcp';
      /** Default 127.0.0.1. */
      readonly host?: string | undefined;
      /** The first free port of the range is taken. Both 0: any free port. */
      readonly minPort: number;
      readonly maxPort: number;
    };

/** A listening socket. */
export interface Listener {
  readonly address: BoundAddress;
  /** Takes no more connections; a unix socket's file goes away. Connections that stand are not touched. */
  close(): void;
}

/** Opens the socket. Rejects with `LISTEN_FAILED`, `SOCKET_PATH_TOO_LONG` or `InvalidOptionsError`. */
export async function listenOn(target: ListenTarget, onSocket: (socket: Socket) => void): Promise<Listener> {
  const server = createServer({ keepAlive: true, noDelay: true }, onSocket);
  const address = target.network === 'unix' ? await bindUnix(server, target) : await bindTcp(server, target);
  // What the server reports from here on concerns single connections, such as too many open files at `accept`.
  server.on('error', () => {});
  return { address, close: () => void server.close() };
}

async function bindUnix(server: Server, target: ListenTarget & { network: 'unix' }): Promise<BoundAddress> {
  const { path, group } = target;
  checkUnixPath(path);
  const gid = group === undefined ? undefined : groupId(group);
  const failure = await bind(server, { path });
  if (failure !== undefined) throw listenFailed(path, failure);
  if (gid !== undefined) {
    try {
      chownSync(path, -1, gid);
      chmodSync(path, 0o660);
    } catch (cause) {
      server.close();
      throw listenFailed(`${path} for group ${group}`, cause as NodeJS.ErrnoException);
    }
  }
  return { network: 'unix', address: path };
}

async function bindTcp(server: Server, target: ListenTarget & { network: 'tcp' }): Promise<BoundAddress> {
  const { host = '127.0.0.1', minPort, maxPort } = target;
  if (!(minPort <= maxPort)) throw new InvalidOptionsError('minPort', `is ${minPort}, above maxPort = ${maxPort}`);
  if (!(minPort >= 0 && maxPort <= 65_535)) throw new InvalidOptionsError('maxPort', 'must be between 0 and 65535');
  let last: NodeJS.ErrnoException | undefined;
  for (let port = minPort; port <= maxPort; port += 1) {
    last = await bind(server, { host, port });
    if (last === undefined) return { network: 'tcp', address: tcpAddress(server) };
    if (last.code !== 'EADDRINUSE' && last.code !== 'EACCES') break;
  }
  throw listenFailed(`${host}, ports ${minPort} to ${maxPort}`, last);
}

/** Resolves with the error instead of rejecting: a taken port is an answer here. */
function bind(server: Server, options: ListenOptions): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const settle = (error?: NodeJS.ErrnoException): void => {
      server.off('error', settle);
      server.off('listening', onListening);
      resolve(error);
    };
    const onListening = (): void => settle();
    server.once('error', settle);
    server.once('listening', onListening);
    server.listen(options);
  });
}

function tcpAddress(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new RuntimeError('INTERNAL', 'a tcp server has no address');
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

function listenFailed(what: string, cause: NodeJS.ErrnoException | undefined): RuntimeError {
  return new RuntimeError('LISTEN_FAILED', `cannot listen on ${what}: ${cause?.code ?? 'no port'}`, { cause });
}
