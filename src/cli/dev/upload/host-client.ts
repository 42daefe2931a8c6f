// Speaks with the development endpoints of a host.
//
// Invariants:
//   C1. At most `PREVIEW_BYTES` of an answer that says no are read and shown, and at most `ANSWER_BYTES` of any other.
//   C2. No redirect is followed: the token is for this host alone.
//   C3. Each request is made once.

import { RuntimeError } from '../../../errors/index.ts';
import type { Code } from '../../../errors/index.ts';
import type { DevUploadAnswer, TailPage } from '../../../machines/index.ts';
import { hostUrl } from './host-address.ts';
import type { HostAddress } from './host-address.ts';
import { refusalOf } from './refusal.ts';

/** Bytes of an answer that says no. */
export const PREVIEW_BYTES = 1024;
const ANSWER_BYTES = 4 * 1024 * 1024;
const START = 'troupe run --data DIR --ops 0 --dev';

/** What is uploaded. */
export interface DevUpload {
  /** Text of the manifest. */
  readonly manifest: string;
  readonly manifestName: string;
  readonly kind: 'bundle' | 'wasm';
  readonly bytes: Uint8Array;
  /** Sensitive permissions that somebody consented to. */
  readonly consent: readonly string[];
  /** Identity of this loop, and the generation of the sources in it: the host lets no older one win. */
  readonly session: string;
  readonly generation: number;
}

/** What the host knows about a plugin. */
export interface DevStatus {
  readonly state: string;
  readonly version: string;
  readonly permissions: readonly string[];
  /** Why it is errored; undefined when it is not. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** The development endpoints of one host; a port. */
export interface DevHostClient {
  /** Rejects with UPLOAD_REFUSED that holds the answer, or UNAVAILABLE. */
  install(upload: DevUpload, signal: AbortSignal): Promise<DevUploadAnswer>;
  /** Undefined when the host has no plugin of that name. */
  status(plugin: string, signal: AbortSignal): Promise<DevStatus | undefined>;
  logs(plugin: string, cursor: string | undefined, signal: AbortSignal): Promise<TailPage>;
}

/** The client for a host. Owns nothing that must be closed. */
export function createHostClient(address: HostAddress): DevHostClient {
  const request = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = address.token === undefined ? {} : { authorization: `Bearer ${address.token}` };
    try {
      return await fetch(url, { ...init, headers, redirect: 'error' });
    } catch (cause) {
      if (init.signal?.aborted === true) throw new RuntimeError('CANCELLED', 'the request was given up', { cause });
      const text = `no host answers at ${address.base} (${reasonOf(cause)}); start one with: ${START}`;
      throw new RuntimeError('UNAVAILABLE', text, { cause });
    }
  };
  return {
    async install(upload, signal) {
      const url = hostUrl(address, '/_/plugins/dev/install');
      const response = await request(url, { method: 'POST', body: formOf(upload), signal });
      if (!response.ok) throw await refused(response, 'UPLOAD_REFUSED');
      return answerOf(await jsonOf(response));
    },
    async status(plugin, signal) {
      const response = await request(hostUrl(address, '/_/plugins/dev/status', { plugin }), { signal });
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      if (!response.ok) throw await refused(response, 'UPLOAD_REFUSED');
      return (await jsonOf(response)) as DevStatus;
    },
    async logs(plugin, cursor, signal) {
      const query = cursor === undefined ? { plugin } : { plugin, after: cursor };
      const response = await request(hostUrl(address, '/_/plugins/dev/logs', query), { signal });
      // What a host that starts or stops answers may be another thing soon.
      if (!response.ok) throw await refused(response, response.status >= 500 ? 'UNAVAILABLE' : 'UPLOAD_REFUSED');
      return (await jsonOf(response)) as TailPage;
    },
  };
}

function formOf({ manifest, manifestName, kind, bytes, consent, session, generation }: DevUpload): FormData {
  const form = new FormData();
  const manifestType = manifestName.endsWith('.json') ? 'application/json' : 'application/yaml';
  form.set('session', session);
  form.set('generation', String(generation));
  form.set('consent', JSON.stringify(consent));
  form.set('manifest', new Blob([manifest], { type: manifestType }), manifestName);
  const type = kind === 'wasm' ? 'application/wasm' : 'application/zip';
  form.set(
    kind,
    new Blob([bytes as Uint8Array<ArrayBuffer>], { type }),
    kind === 'wasm' ? 'plugin.wasm' : 'plugin.zip',
  );
  return form;
}

/** Any 2xx is a success, also one that says little. */
function answerOf(value: unknown): DevUploadAnswer {
  const { plugin, action, permissions, warnings } = (value ?? {}) as {
    plugin?: { name?: unknown; version?: unknown };
    action?: unknown;
    permissions?: unknown;
    warnings?: unknown;
  };
  return {
    name: textOf(plugin?.name),
    version: textOf(plugin?.version),
    action: action === 'installed' || action === 'unchanged' ? action : 'reloaded',
    permissions: textsOf(permissions),
    warnings: textsOf(warnings),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** C1. */
async function refused(response: Response, code: Code): Promise<RuntimeError> {
  return refusalOf(response.status, (await headOf(response, PREVIEW_BYTES)).toString('utf8'), code);
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = (await headOf(response, ANSWER_BYTES)).toString('utf8');
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    // A success is a success, whatever else stands there.
    return undefined;
  }
}

async function headOf(response: Response, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop gives the rest up.
    if (size >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

function reasonOf(cause: unknown): string {
  const inner: unknown = cause instanceof Error ? (cause.cause ?? cause) : cause;
  if (!(inner instanceof Error)) return String(inner);
  return 'code' in inner && typeof inner.code === 'string' ? inner.code : inner.message;
}
