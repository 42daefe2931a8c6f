import { requireAtLeast } from '../../../policy/index.ts';
import { fetchPinned, resolveHost } from './http-request.ts';
import type { Fetch, Resolve } from './http-request.ts';

/** How downloads are made. Times are in milliseconds. */
export interface DownloadOptions {
  /** Names and addresses of servers in networks that are not public, from which a download may start. Default none. */
  readonly privateHosts?: readonly string[];
  /** Redirects of one download. Default 3. */
  readonly maxRedirects?: number;
  /** For the name, the connection and the answer of each request. Default 15,000. */
  readonly answerMs?: number;
  /** Between bytes. Default 30,000. */
  readonly stallMs?: number;
  /** For the whole. Default 300,000. */
  readonly totalMs?: number;
  /** Makes one request, to the given addresses only. Default: by `node:http` and `node:https`. */
  readonly fetch?: Fetch;
  /** Looks a name up. Default: as the operating system does. */
  readonly resolve?: Resolve;
}

/** Options with their defaults filled in. */
export interface ResolvedDownload extends Required<Omit<DownloadOptions, 'privateHosts'>> {
  /** In lower case. */
  readonly privateHosts: ReadonlySet<string>;
}

/** Throws `InvalidOptionsError` naming the field. */
export function resolveDownload(options: DownloadOptions = {}): ResolvedDownload {
  const { privateHosts = [], fetch = fetchPinned, resolve = resolveHost } = options;
  const { maxRedirects = 3, answerMs = 15_000, stallMs = 30_000, totalMs = 300_000 } = options;
  requireAtLeast('download.maxRedirects', maxRedirects, 0);
  requireAtLeast('download.answerMs', answerMs, 1);
  requireAtLeast('download.stallMs', stallMs, 1);
  requireAtLeast('download.totalMs', totalMs, 1);
  const hosts = new Set(privateHosts.map((host) => host.toLowerCase().replace(/^\[|\]$/g, '')));
  return { privateHosts: hosts, fetch, resolve, maxRedirects, answerMs, stallMs, totalMs };
}
