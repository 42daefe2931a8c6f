// Where every call to a plugin passes. Data plane: plain code that the plugin's chart opens and closes.
//
// Invariants:
//   G1. A call is admitted exactly while the chart is `ready`; else it fails with PLUGIN_UNAVAILABLE at once.
//   G2. `inFlight` counts every admitted call from its start to its end, however it ends.
//   G3. A call that fails because the process died says so: PluginCrashedError with exit and stderr tail.

import type { CallAdmission } from '../actors/index.ts';
import { RuntimeError } from '../errors/index.ts';
import type {
  CallOptions,
  MethodDescriptor,
  PackedStreamCall,
  PeerIdentity,
  PluginConnection,
} from '../ports/index.ts';
import { gatedStream } from './gated-stream.ts';

/** What the gate asks about the plugin behind it. */
export interface CallGateOptions {
  /** Why no call is admitted now. */
  readonly refusal: () => RuntimeError;
  /**
   * Turns the error of an admitted call into the one that its caller should see, given the connection that it went to.
   * Never rejects.
   */
  readonly explain: (error: RuntimeError, connection: PluginConnection) => Promise<RuntimeError>;
}

/** The connection that callers hold over all restarts of a plugin. */
export interface CallGate extends PluginConnection, CallAdmission {
  /** Calls that were admitted and have not ended. */
  readonly inFlight: number;
}

const NOBODY: PeerIdentity = { fingerprint: undefined };

/** Creates a closed gate. */
export function createCallGate(options: CallGateOptions): CallGate {
  return new Gate(options);
}

class Gate implements CallGate {
  readonly #options: CallGateOptions;
  #connection: PluginConnection | undefined;
  #inFlight = 0;
  readonly #waiting = new Set<() => void>();

  constructor(options: CallGateOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get peer(): PeerIdentity {
    return this.#connection?.peer ?? NOBODY;
  }

  admit(connection: PluginConnection): void {
    this.#connection = connection;
  }

  refuse(): void {
    this.#connection = undefined;
  }

  /** Callers hold the gate as their connection; closing it is the chart's business, so this does nothing. */
  close(): void {}

  drained(signal: AbortSignal): Promise<void> {
    if (this.#inFlight === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#waiting.delete(finish);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      this.#waiting.add(finish);
      signal.addEventListener('abort', finish, { once: true });
    });
  }

  unary<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): Promise<R> {
    return this.#call((connection) => connection.unary(method, request, options));
  }

  clientStream<Q, R>(
    method: MethodDescriptor<Q, R>,
    requests: AsyncIterable<Q> | Iterable<Q>,
    options?: CallOptions,
  ): Promise<R> {
    return this.#call((connection) => connection.clientStream(method, requests, options));
  }

  /** Missing where the connection behind the gate has none. */
  get packedStream(): PackedStreamCall | undefined {
    if (this.#connection !== undefined && this.#connection.packedStream === undefined) return undefined;
    return (method, packs, options) =>
      this.#call((connection) => connection.packedStream?.(method, packs, options) ?? notPacked());
  }

  serverStream<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): AsyncIterable<R> {
    return this.#stream((connection) => connection.serverStream(method, request, options));
  }

  bidiStream<Q, R>(
    method: MethodDescriptor<Q, R>,
    requests: AsyncIterable<Q> | Iterable<Q>,
    options?: CallOptions,
  ): AsyncIterable<R> {
    return this.#stream((connection) => connection.bidiStream(method, requests, options));
  }

  async #call<R>(start: (connection: PluginConnection) => Promise<R>): Promise<R> {
    const connection = this.#enter();
    try {
      return await start(connection);
    } catch (reason) {
      throw await this.#options.explain(RuntimeError.from(reason, 'UNKNOWN'), connection);
    } finally {
      this.#leave();
    }
  }

  #stream<R>(start: (connection: PluginConnection) => AsyncIterable<R>): AsyncIterable<R> {
    let connection: PluginConnection | undefined;
    return gatedStream({
      enter: () => {
        connection = this.#enter();
        try {
          return start(connection)[Symbol.asyncIterator]();
        } catch (reason) {
          this.#leave();
          throw reason;
        }
      },
      explain: async (reason) => {
        const error = RuntimeError.from(reason, 'UNKNOWN');
        return connection === undefined ? error : this.#options.explain(error, connection);
      },
      leave: () => this.#leave(),
    });
  }

  #enter(): PluginConnection {
    if (this.#connection === undefined) throw this.#options.refusal();
    this.#inFlight += 1;
    return this.#connection;
  }

  #leave(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    for (const finish of this.#waiting) finish();
  }
}

/** The connection has changed between the question and the call. */
function notPacked(): Promise<never> {
  return Promise.reject(new RuntimeError('UNAVAILABLE', 'the plugin has another connection, which packs no messages'));
}
