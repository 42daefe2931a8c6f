// One request to the listener, and its answer.
//
// Invariants:
//   X1. In this order, and before anything of the body is read: the host's name, no browser, the path, its method, the
//       token, the length that is announced.
//   X2. Every request is answered once, or its connection is ended; nothing of a handler goes on unheard.
//   X3. What went wrong inside is not told: the text of an error that has no code of its own stays here.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock, Logger, TimerHandle } from '../../ports/index.ts';
import { isAllowedHost } from './allowed-host.ts';
import { limitedBody, tooLarge } from './limited-body.ts';
import type { OpsRequest, OpsResponse, OpsRoute } from './ops-handler.ts';
import { hasToken } from './ops-token.ts';

/** What an exchange needs to know. */
export interface ExchangeOptions {
  readonly routes: ReadonlyMap<string, readonly OpsRoute[]>;
  readonly token: string;
  readonly allowedHosts: ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Milliseconds for a whole request. */
const TIMEOUT_MS = 10_000;

/** Fields that tell browsers to keep away, and to keep nothing. */
const FIELDS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

/** Answers one request. Never rejects. */
export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  options: ExchangeOptions,
): Promise<void> {
  const controller = new AbortController();
  const gone = (): void => controller.abort(new RuntimeError('CANCELLED', 'the sender is gone'));
  response.once('close', gone);
  const { clock } = options;
  let timer: TimerHandle | undefined;
  try {
    const route = admit(request, options);
    if (request.headers.expect !== undefined) response.writeContinue();
    const limitMs = route.timeoutMs ?? TIMEOUT_MS;
    const late = new Promise<never>((_, reject) => {
      timer = clock.setTimeout(() => {
        const error = new RuntimeError('DEADLINE_EXCEEDED', `the request took longer than ${limitMs} ms`);
        controller.abort(error);
        reject(error);
      }, limitMs);
    });
    const answered = (async () => route.handler(opsRequest(request, route, controller.signal)))();
    await send(request, response, await Promise.race([answered, late]), clock);
  } catch (error) {
    await send(request, response, refusal(error, options.log), clock);
  } finally {
    clock.clearTimeout(timer);
    response.off('close', gone);
  }
}

/** X1. */
function admit(request: IncomingMessage, { routes, token, allowedHosts }: ExchangeOptions): OpsRoute {
  const headers = fieldsOf(request);
  if (!isAllowedHost(headers['host'], allowedHosts)) throw refuse(421, 'the host is not known here');
  if (headers['origin'] !== undefined || headers['sec-fetch-site'] === 'cross-site') {
    throw refuse(403, 'requests of web pages are not taken');
  }
  const candidates = routes.get(pathOf(request));
  if (candidates === undefined) throw refuse(404, 'there is nothing here');
  const { method = '' } = request;
  const route = candidates.find((each) => each.method === method || (method === 'HEAD' && each.method === 'GET'));
  if (route === undefined) {
    throw refuse(405, 'the method is not allowed here', { allow: candidates.map((each) => each.method).join(', ') });
  }
  if (route.needsToken !== false && !hasToken(headers, token)) {
    throw refuse(401, 'the token is missing or wrong', { 'www-authenticate': 'Bearer' });
  }
  const maxBytes = route.maxBodyBytes ?? 0;
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (maxBytes === 0 && headers['transfer-encoding'] !== undefined) throw tooLarge(0);
  return route;
}

function opsRequest(request: IncomingMessage, route: OpsRoute, signal: AbortSignal): OpsRequest {
  const { method = 'GET', url = '/' } = request;
  const at = url.indexOf('?');
  return {
    method,
    path: pathOf(request),
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers: fieldsOf(request),
    body: limitedBody(request, route.maxBodyBytes ?? 0, signal),
    signal,
  };
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
}

function fieldsOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

/** X2. Settles when nothing more is to be done for the answer. */
async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = '' }: OpsResponse,
  clock: Clock,
): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  const bytes = request.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(body);
  const hasRest = !request.complete && hasBody(request);
  response.writeHead(status, {
    ...FIELDS,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    // A body that was not read would be taken for the next request.
    ...(hasRest ? { connection: 'close' } : {}),
  });
  if (hasRest) {
    response.write(bytes);
    await dropBody(request, clock);
    response.end();
  } else {
    response.end(bytes);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
}

/** Bytes of an unwanted body that are read, and milliseconds for it. */
const DROPPED_BYTES = 1024 * 1024;
const DROP_MS = 1000;

/** A socket that is closed with something unread takes the answer along on its way. */
async function dropBody(request: IncomingMessage, clock: Clock): Promise<void> {
  let bytes = 0;
  const over = new Promise<void>((resolve) => {
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > DROPPED_BYTES) resolve();
    });
    request.once('end', resolve);
    request.once('close', resolve);
    request.once('error', () => resolve());
  });
  await within(clock, DROP_MS, over);
}

/** Answers with a status of its own. */
class Refusal extends RuntimeError {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>>) {
    super('FAILED_PRECONDITION', message);
    this.status = status;
    this.headers = headers;
  }
}

function refuse(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Refusal {
  return new Refusal(status, message, headers);
}

/** The statuses of HTTP that belong to codes; all others are 500. */
const STATUSES: Partial<Record<Code, number>> = {
  INVALID_ARGUMENT: 400,
  INVALID_OPTIONS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  CANCELLED: 408,
  DEADLINE_EXCEEDED: 408,
  RESOURCE_EXHAUSTED: 413,
  UNAVAILABLE: 503,
};

/** X3. */
function refusal(error: unknown, log: Logger): OpsResponse {
  if (error instanceof Refusal) return problem(error.status, 'REFUSED', error.rawMessage, error.headers);
  const status = isRuntimeError(error) ? STATUSES[error.code] : undefined;
  if (isRuntimeError(error) && status !== undefined) return problem(status, error.code, error.rawMessage);
  log.log('error', 'a request to the ops listener failed', { error });
  return problem(500, 'INTERNAL', 'the request failed; the log of the host says why');
}

function problem(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): OpsResponse {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: `${JSON.stringify({ code, message })}\n`,
  };
}
