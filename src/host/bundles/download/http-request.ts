import type { LookupAddress } from 'node:dns';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { isIP } from 'node:net';
import { RuntimeError } from '../../../errors/index.ts';

/** One request of a download; redirects are followed elsewhere. */
export interface DownloadRequest {
  readonly url: URL;
  /** The only addresses that may be connected: those that were checked. */
  readonly addresses: readonly LookupAddress[];
  readonly signal: AbortSignal;
}

/** What came back. */
export interface DownloadResponse {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The contents; whoever does not read them to the end closes them. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets the connection go. */
  close(): void;
}

/** Makes a request. Rejects when there is no answer. */
export type Fetch = (request: DownloadRequest) => Promise<DownloadResponse>;

/** All addresses of a name. Rejects when it has none. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Asks the operating system. An address stands for itself. */
export async function resolveHost(hostname: string): Promise<readonly LookupAddress[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  const { lookup } = await import('node:dns/promises');
  return lookup(hostname, { all: true, verbatim: true });
}

/**
 * Makes a request by `node:http`, and not by the global `fetch`, which looks a name up once more when it connects: another
 * answer would lead it to an address that nobody has checked.
 */
export const fetchPinned: Fetch = async ({ url, addresses, signal }) => {
  const [first] = addresses;
  if (first === undefined) throw new RuntimeError('DOWNLOAD_FAILED', `${url.hostname} has no address`);
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const options: RequestOptions = {
    // A connection of its own: one that is kept was checked for another request.
    agent: false,
    signal,
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'troupe' },
    lookup: (_hostname, given, callback) => {
      if (given.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    },
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => resolve(responseOf(response)));
    // Not once: what happens after the answer is told by its body.
    sent.on('error', reject);
    sent.end();
  });
};

function responseOf(response: IncomingMessage): DownloadResponse {
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: response,
    close: () => void response.destroy(),
  };
}
