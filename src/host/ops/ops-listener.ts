// The one HTTP listener of a host: probes, metrics, and what other parts add.
//
// Invariants:
//   H1. It listens on this machine only.
//   H2. Everything about a request is bounded: connections, header bytes, time to the header, time in all, body bytes.
//   H3. After `close` no socket of it is open.

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import type { Clock, Logger } from '../../ports/index.ts';
import { exchange } from './ops-exchange.ts';
import type { ExchangeOptions } from './ops-exchange.ts';
import type { OpsRoute } from './ops-handler.ts';

/** How the listener is made. */
export interface OpsListenerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** An address of this machine that no other one reaches. Default 127.0.0.1. */
  readonly address?: '127.0.0.1' | '::1';
  readonly routes: readonly OpsRoute[];
  /** What requests must name, where a route needs it. An empty one lets nobody in. */
  readonly token: string;
  /** Further names that the field `Host` may have, without a port; letters of any case. Default none. */
  readonly allowedHosts?: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Open connections. Default 64. */
  readonly maxConnections?: number;
  /** Milliseconds for the header of a request. Default 5,000. */
  readonly headerTimeoutMs?: number;
}

/** A listener. Whoever opens it closes it. */
export interface OpsListener {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /**
   * Takes no more connections, lets requests that are under way have `graceMs` (default 0) to be answered, and ends what is
   * left. Idempotent: later calls wait for the first one.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

const MAX_CONNECTIONS = 64;
const HEADER_TIMEOUT_MS = 5000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADER_FIELDS = 100;
/** Requests of one connection, after which it is closed in order. */
const MAX_REQUESTS = 1000;
/** Milliseconds between two looks at connections that are too slow, by Node.js itself. */
const LOOK_MS = 1000;

/**
 * Opens the listener.
 *
 * @throws LISTEN_FAILED; InvalidOptionsError
 */
export async function openOpsListener(options: OpsListenerOptions): Promise<OpsListener> {
  const { port, address = '127.0.0.1', clock, log, token, allowedHosts = [] } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new InvalidOptionsError('port', `must be a whole number from 0 to 65535, got ${port}`);
  }
  const exchanges: ExchangeOptions = {
    routes: routesByPath(options.routes),
    token,
    allowedHosts: new Set(allowedHosts.map((name) => name.toLowerCase())),
    clock,
    log,
  };
  const server = boundedServer(options, (request, response) => void exchange(request, response, exchanges));
  await listen(server, port, address);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new RuntimeError('INTERNAL', 'a listener has no port');
  const host = address === '::1' ? '[::1]' : address;
  let closing: Promise<void> | undefined;
  return {
    port: bound.port,
    url: `http://${host}:${bound.port}`,
    close: ({ graceMs = 0 } = {}) => (closing ??= closeServer(server, clock, graceMs)),
  };
}

type OnRequest = Parameters<typeof createServer>[1];

/** H2. */
function boundedServer(options: OpsListenerOptions, onRequest: OnRequest): Server {
  const { headerTimeoutMs = HEADER_TIMEOUT_MS, maxConnections = MAX_CONNECTIONS } = options;
  const slowest = Math.max(0, ...options.routes.map(({ timeoutMs = 0 }) => timeoutMs));
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: headerTimeoutMs,
      // The exchange itself ends a request in time; this ends what it never hears of.
      requestTimeout: Math.max(slowest, headerTimeoutMs) + LOOK_MS,
      keepAliveTimeout: headerTimeoutMs,
      connectionsCheckingInterval: LOOK_MS,
      requireHostHeader: true,
      insecureHTTPParser: false,
    },
    onRequest,
  );
  server.maxConnections = maxConnections;
  server.maxHeadersCount = MAX_HEADER_FIELDS;
  server.maxRequestsPerSocket = MAX_REQUESTS;
  // Nobody asks for these here; without a listener the socket of such a request would stay open.
  server.on('upgrade', (_, socket) => socket.destroy());
  server.on('connect', (_, socket) => socket.destroy());
  // `Expect: 100-continue`: a sender is asked for its body only when it will be read, which the exchange decides.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  return server;
}

function routesByPath(routes: readonly OpsRoute[]): ReadonlyMap<string, readonly OpsRoute[]> {
  const byPath = new Map<string, OpsRoute[]>();
  for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  return byPath;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new RuntimeError('LISTEN_FAILED', `cannot listen on ${host}, port ${port}: ${cause.code}`, { cause }));
    });
    server.listen({ port, host }, () => {
      // What comes from here on concerns single connections.
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve();
    });
  });
}

/** H3. */
function closeServer(server: Server, clock: Clock, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clock.clearTimeout(timer);
      resolve();
    });
    if (graceMs === 0) server.closeAllConnections();
  });
}
