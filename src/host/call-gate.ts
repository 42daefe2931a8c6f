// Where every call to a plugin passes. Data plane: plain code that the plugin's charts open, close and switch.
//
// Invariants:
//   G1. A call is admitted exactly while the chart of its version is `ready`; else it fails with PLUGIN_UNAVAILABLE at once.
//   G2. `inFlight` counts every admitted call from its start to its end, however it ends, at the version that it went to.
//   G3. A call that fails because the process died says so: PluginCrashedError with exit and stderr tail.
//   G4. Choosing the version and counting the call is one step, taken when the call begins and not when it is prepared: after
//       a switch none begins at the version before, so that a count of 0 there stays 0.

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

/** What the gate asks about the version behind it. */
export interface CallGateOptions {
  /** Why no call is admitted now. */
  readonly refusal: () => RuntimeError;
  /**
   * Turns the error of an admitted call into the one that its caller should see, given the connection that it went to.
   * Never rejects.
   */
  readonly explain: (error: RuntimeError, connection: PluginConnection) => Promise<RuntimeError>;
}

/** The connection to one version of a plugin, over all its restarts. */
export interface CallGate extends PluginConnection, CallAdmission {
  /** Calls that were admitted and have not ended. */
  readonly inFlight: number;
  /** Whether a call that begins now is admitted. */
  readonly isOpen: boolean;
}

/** The connection that callers hold over all versions of a plugin. */
export interface CallSwitch extends PluginConnection {
  /** Calls that begin from now on go through this gate; those under way go on where they are. */
  route(gate: CallGate): void;
}

const NOBODY: PeerIdentity = { fingerprint: undefined };

/** Creates a closed gate. */
export function createCallGate(options: CallGateOptions): CallGate {
  return new Gate(new Lane(options));
}

/** Creates a connection that leads through one gate after the other. */
export function createCallSwitch(gate: CallGate): CallSwitch {
  return new Switch(gate);
}

/** The calls to one version. */
class Lane {
  readonly #options: CallGateOptions;
  readonly #waiting = new Set<() => void>();
  connection: PluginConnection | undefined;
  inFlight = 0;

  constructor(options: CallGateOptions) {
    this.#options = options;
  }

  enter(): PluginConnection {
    if (this.connection === undefined) throw this.#options.refusal();
    this.inFlight += 1;
    return this.connection;
  }

  leave(): void {
    this.inFlight -= 1;
    if (this.inFlight > 0) return;
    for (const finish of this.#waiting) finish();
  }

  explain(reason: unknown, connection: PluginConnection): Promise<RuntimeError> {
    return this.#options.explain(RuntimeError.from(reason, 'UNKNOWN'), connection);
  }

  drained(signal: AbortSignal): Promise<void> {
    if (this.inFlight === 0 || signal.aborted) return Promise.resolve();
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
}

/** Calls over the lane that is the right one when they begin (G4). */
abstract class Caller implements PluginConnection {
  protected abstract readonly lane: Lane;

  get peer(): PeerIdentity {
    return this.lane.connection?.peer ?? NOBODY;
  }

  /** Callers hold this as their connection; closing it is the chart's business, so this does nothing. */
  close(): void {}

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
    const { connection } = this.lane;
    if (connection !== undefined && connection.packedStream === undefined) return undefined;
    return (method, packs, options) =>
      this.#call(
        (now) => now.packedStream?.(method, packs, options) ?? now.clientStream(method, unpacked(packs), options),
      );
  }

  serverStream<Q, R>(method: MethodDescriptor<Q, R>, request: Q, options?: CallOptions): AsyncIterable<R> {
    return this.#stream(options, (connection, told) => connection.serverStream(method, request, told));
  }

  bidiStream<Q, R>(
    method: MethodDescriptor<Q, R>,
    requests: AsyncIterable<Q> | Iterable<Q>,
    options?: CallOptions,
  ): AsyncIterable<R> {
    return this.#stream(options, (connection, told) => connection.bidiStream(method, requests, told));
  }

  async #call<R>(start: (connection: PluginConnection) => Promise<R>): Promise<R> {
    const { lane } = this;
    const connection = lane.enter();
    try {
      return await start(connection);
    } catch (reason) {
      throw await lane.explain(reason, connection);
    } finally {
      lane.leave();
    }
  }

  #stream<R>(
    options: CallOptions | undefined,
    start: (connection: PluginConnection, options: CallOptions) => AsyncIterable<R>,
  ): AsyncIterable<R> {
    // Of the first `next()`, which may come long after this.
    let lane: Lane | undefined;
    let connection: PluginConnection | undefined;
    let hasLeft = false;
    const leave = (): void => {
      if (!hasLeft) lane?.leave();
      hasLeft = true;
    };
    // Who has given a stream up by its signal, or let its deadline pass, need not read on: the call is over all the same.
    const onEnded = (): void => {
      leave();
      options?.onEnded?.();
    };
    return gatedStream({
      enter: () => {
        const entered = this.lane;
        connection = entered.enter();
        lane = entered;
        try {
          return start(connection, { ...options, onEnded })[Symbol.asyncIterator]();
        } catch (reason) {
          leave();
          throw reason;
        }
      },
      explain: async (reason) => {
        if (lane === undefined || connection === undefined) return RuntimeError.from(reason, 'UNKNOWN');
        return lane.explain(reason, connection);
      },
      leave,
    });
  }
}

class Gate extends Caller implements CallGate {
  readonly lane: Lane;

  constructor(lane: Lane) {
    super();
    this.lane = lane;
  }

  get inFlight(): number {
    return this.lane.inFlight;
  }

  get isOpen(): boolean {
    return this.lane.connection !== undefined;
  }

  admit(connection: PluginConnection): void {
    this.lane.connection = connection;
  }

  refuse(): void {
    this.lane.connection = undefined;
  }

  drained(signal: AbortSignal): Promise<void> {
    return this.lane.drained(signal);
  }
}

class Switch extends Caller implements CallSwitch {
  protected lane: Lane;

  constructor(gate: CallGate) {
    super();
    this.lane = laneOf(gate);
  }

  route(gate: CallGate): void {
    this.lane = laneOf(gate);
  }
}

function laneOf(gate: CallGate): Lane {
  if (gate instanceof Gate) return gate.lane;
  throw new RuntimeError('INTERNAL', 'a gate was made by somebody else');
}

/** The connection has changed between the question and the call. */
async function* unpacked<Q>(packs: AsyncIterable<readonly Q[]>): AsyncGenerator<Q> {
  for await (const pack of packs) yield* pack;
}
