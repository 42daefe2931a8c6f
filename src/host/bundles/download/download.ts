// Fetches a bundle from an address that somebody gave us.
//
// Invariants:
//   L1. Only addresses are connected that were checked for this very request.
//   L2. What the other side says leads to public addresses only. Another one is reached only as the start of a download, only
//       when the host's configuration names it, and by redirects within the same origin.
//   L3. Encryption is never given up on the way.
//   L4. Bytes, redirects, the wait for an answer, for the next bytes and for the whole are bounded.
//   L5. However it ends, no connection and no timer is left.

import type { LookupAddress } from 'node:dns';
import { isRuntimeError, RuntimeError } from '../../../errors/index.ts';
import type { Code } from '../../../errors/index.ts';
import type { Clock } from '../../../ports/index.ts';
import { reasonOf } from '../bundle-error.ts';
import { isPublicAddress } from './address-guard.ts';
import { createDeadlines } from './deadlines.ts';
import type { DownloadOptions, ResolvedDownload } from './download-options.ts';
import { resolveDownload } from './download-options.ts';
import type { DownloadResponse } from './http-request.ts';

/** A download that runs. */
export interface DownloadTask {
  readonly url: string;
  /** Most bytes that are taken. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly options?: DownloadOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Takes the bytes, in order. */
  write(chunk: Uint8Array): Promise<void>;
}

/** What was fetched. */
export interface Downloaded {
  readonly bytes: number;
  /** One line each. */
  readonly warnings: readonly string[];
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Fetches. Rejects with a DOWNLOAD_* code or CANCELLED; the text holds neither query nor password of an address. */
export async function download(task: DownloadTask): Promise<Downloaded> {
  const options = resolveDownload(task.options);
  const deadlines = createDeadlines(task.clock, options, task.signal);
  let url = parseUrl(task.url);
  let former: URL | undefined;
  try {
    for (let redirects = 0; ; redirects += 1) {
      deadlines.expectAnswer();
      const addresses = await deadlines.race(checkedAddresses(url, former, options));
      const response = await deadlines.race(options.fetch({ url, addresses, signal: deadlines.signal }));
      try {
        if (!REDIRECTS.has(response.status)) return await receive(url, response, task, deadlines.expectBytes);
        const next = nextUrl(url, response, redirects, options);
        former = url;
        url = next;
      } finally {
        response.close();
      }
    }
  } catch (error) {
    throw deadlines.reason(shownUrl(url)) ?? asDownloadError(url, error);
  } finally {
    deadlines.clear();
  }
}

/** An address for people and logs: without what may be a secret. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** The address in a text. Throws DOWNLOAD_URL_INVALID. */
export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  const invalid = (problem: string): RuntimeError => new RuntimeError('DOWNLOAD_URL_INVALID', `an address ${problem}`);
  if (url === null) throw invalid('to download from is none');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw invalid(`of the kind ${url.protocol} cannot be fetched`);
  // It would stand in logs and in the lock file.
  if (url.username !== '' || url.password !== '') throw invalid('to download from must not hold a name or a password');
  return url;
}

/** L1, L2. */
async function checkedAddresses(
  url: URL,
  former: URL | undefined,
  { resolve, privateHosts }: ResolvedDownload,
): Promise<readonly LookupAddress[]> {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = await resolve(hostname);
  if (addresses.length === 0) throw refused('DOWNLOAD_FAILED', url, 'has no address');
  const hidden = addresses.find(({ address }) => !isPublicAddress(address));
  // Private ones are named by the configuration; a redirect within their origin reaches nothing new.
  const isStart = former === undefined || former.origin === url.origin;
  if (hidden === undefined || (isStart && privateHosts.has(hostname.toLowerCase()))) return addresses;
  throw refused('DOWNLOAD_ADDRESS_REFUSED', url, `leads to ${hidden.address}, which is not public`);
}

/** L3, L4. */
function nextUrl(url: URL, { status, headers }: DownloadResponse, redirects: number, options: ResolvedDownload): URL {
  const { location } = headers;
  const code = 'DOWNLOAD_REDIRECT_REFUSED';
  if (typeof location !== 'string') throw refused(code, url, `answers ${status} without a place to go to`);
  if (redirects >= options.maxRedirects) {
    throw refused(code, url, `redirects once more after ${options.maxRedirects} redirects`);
  }
  const target = URL.parse(location, url.href);
  if (target === null) throw refused(code, url, 'redirects to what is no address');
  const next = parseUrl(target.href);
  if (url.protocol === 'https:' && next.protocol !== 'https:') {
    throw refused(code, url, `redirects to ${shownUrl(next)}, which is not encrypted`);
  }
  return next;
}

async function receive(
  url: URL,
  { status, headers, body }: DownloadResponse,
  { maxBytes, write }: DownloadTask,
  expectBytes: () => void,
): Promise<Downloaded> {
  if (status !== 200) throw refused('DOWNLOAD_FAILED', url, `answers ${status}`);
  const { 'content-encoding': encoding = 'identity', 'content-length': declared } = headers;
  if (encoding !== 'identity') throw refused('DOWNLOAD_FAILED', url, 'answers in an encoding that was not asked for');
  const tooLarge = (): RuntimeError =>
    refused('DOWNLOAD_TOO_LARGE', url, `has more than ${maxBytes} bytes (maxArchiveBytes)`);
  if (Number(declared) > maxBytes) throw tooLarge();
  let bytes = 0;
  expectBytes();
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    await write(chunk);
    expectBytes();
  }
  if (declared !== undefined && Number(declared) !== bytes) {
    throw refused('DOWNLOAD_FAILED', url, `gave ${bytes} of its ${String(declared)} bytes`);
  }
  const warnings = url.protocol === 'http:' ? [`${shownUrl(url)} was fetched without encryption`] : [];
  return { bytes, warnings };
}

function refused(code: Code, url: URL, problem: string): RuntimeError {
  return new RuntimeError(code, `${shownUrl(url)} ${problem}`, { details: { url: shownUrl(url) } });
}

function asDownloadError(url: URL, error: unknown): RuntimeError {
  if (isRuntimeError(error)) return error;
  const details = { url: shownUrl(url) };
  return new RuntimeError('DOWNLOAD_FAILED', `${shownUrl(url)} cannot be fetched: ${reasonOf(error)}`, {
    cause: error,
    details,
  });
}
