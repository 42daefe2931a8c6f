// What parts of the host add to its HTTP listener.

/** A request that the listener has let through: its `Host` is allowed, and its token is right where one is needed. */
export interface OpsRequest {
  readonly method: string;
  /** Path without the query; begins with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; of a repeated field the values are joined as HTTP says. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The body as it comes. Rejects with RESOURCE_EXHAUSTED past the route's limit and with CANCELLED when the sender is
   * gone or too slow. What a handler leaves unread is dropped.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the sender is gone or the route's time is over. */
  readonly signal: AbortSignal;
}

/** What is answered. */
export interface OpsResponse {
  readonly status: number;
  /** Names in lower case. The listener adds the length and fields that keep browsers away. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default empty. */
  readonly body?: string | Uint8Array;
}

/** Answers requests. What it throws is answered with the status that belongs to its code, and INTERNAL without a text. */
export type OpsHandler = (request: OpsRequest) => OpsResponse | Promise<OpsResponse>;

/** One path of the listener. */
export interface OpsRoute {
  readonly method: 'GET' | 'POST';
  /** The whole path; nothing below it. */
  readonly path: string;
  /** Whether `authorization: Bearer TOKEN`, or `dev-token: TOKEN`, must name the listener's token. Default true. */
  readonly needsToken?: boolean;
  /** Longest body, in bytes. Default 0: no body is taken. */
  readonly maxBodyBytes?: number;
  /** Milliseconds for the whole request, its body included. Default 10,000. */
  readonly timeoutMs?: number;
  readonly handler: OpsHandler;
}
