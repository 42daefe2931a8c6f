// One side of go-plugin's connection broker: further connections between host and plugin, in both directions. Both
// sides run the same code; they differ only in who opens the stream on which the announcements travel.
//
// Invariants:
//   B1. An id that this side listens for is not listened for twice.
//   B2. Ids of the two directions are separate: what the peer announces never meets what this side listens for.
//   B3. The broker outlives its stream: listeners and waiting dials stay, and a new stream learns of every listener.
//   B4. After `close()` nothing listens, nothing waits, no timer is armed and no dialled connection is open.
//   B5. No announcement makes this side connect to another machine.
//   B6. A listener is announced again only when the announcement before is used, or too old to be kept by a peer in Go.
//       There one that comes too early is dropped, and 5 s later takes a newer one, or a waiting dial, along.

import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import type { ConnInfo } from '../../gen/plugin/grpc_broker.ts';
import type { Clock, TimerHandle } from '../../ports/clock.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import type { ServedService } from '../../ports/service.ts';
import { createAnnouncements } from './announcements.ts';
import type { AnnouncedAddress, Announcements } from './announcements.ts';
import { addressProblem } from './listen-address.ts';

/** A socket on which brokered services are served. */
export interface BoundServer extends AnnouncedAddress {
  /** Stops serving at once and removes the socket. */
  close(): void;
}

/** Options of a broker. */
export interface BrokerOptions {
  readonly clock: Clock;
  /** Serves services on a socket of their own. Calls back whenever somebody connects. */
  listen(services: readonly ServedService[], onConnection: () => void): Promise<BoundServer>;
  /** Connects to an address that the peer announced; it is a unix path or a loopback address, checked before. */
  dial(target: AnnouncedAddress): Promise<PluginConnection>;
  /** Hears of every announcement of the peer that may be dialled, used or not. */
  onAnnounced?(target: AnnouncedAddress): void;
  /** Called once, when the broker closes: what `dial` made ends with it. */
  onClose?(): void;
  /** How long an announcement of the peer is kept for a dial, in milliseconds. Default 5,000, as in Go. */
  readonly idleMs?: number;
  /** How long a dial waits for an announcement, in milliseconds. Default 5,000, as in Go. */
  readonly dialTimeoutMs?: number;
  /** How many announcements, and how many waiting dials, are kept at most. Default 1,024. */
  readonly maxPending?: number;
  /**
   * How often listeners with `keepAdvertised` are announced again while nobody connects, in milliseconds. Default 5,500;
   * below 5,000 peers in Go lose dials.
   */
  readonly readvertiseMs?: number;
}

/** How a listener is announced. */
export interface AcceptOptions {
  /**
   * Announces the listener again and again while it is open, so that the peer can dial it at any time and more than
   * once, one dial after the other. Otherwise the peer has 5 seconds, once. Default false.
   */
  readonly keepAdvertised?: boolean;
}

/** A listener for brokered connections. Whoever accepts closes it. */
export interface BrokerListener extends AnnouncedAddress {
  readonly id: number;
  /** Stops listening and ends the connections. Idempotent. */
  close(): void;
}

/** The stream on which announcements travel, as the broker sees it. */
export interface BrokerLink {
  send(info: ConnInfo): void;
  /** The broker is closed: end the stream. */
  end(): void;
}

/** What a broker holds now. */
export interface BrokerStatus {
  readonly listeners: number;
  readonly pending: number;
  readonly waiting: number;
  /** Announcements of the peer that found no room. */
  readonly dropped: number;
}

/** One side of the connection broker. Whoever makes it closes it. */
export interface Broker {
  /** An id that this side has not used: 1, 2, 3 … */
  nextId(): number;
  /**
   * Serves the services on a socket of their own and announces it. Rejects with `BROKER_ID_IN_USE`, `BROKER_CLOSED`,
   * and `INVALID_OPTIONS` for an id that the wire cannot carry.
   */
  accept(id: number, services: readonly ServedService[], options?: AcceptOptions): Promise<BrokerListener>;
  /**
   * Connects to what the peer announced for the id. Rejects with `BROKER_TIMEOUT`, `BROKER_CLOSED`,
   * `NETWORK_UNSUPPORTED`, `ADDRESS_INVALID`, `INVALID_OPTIONS`.
   */
  dial(id: number, options?: { readonly timeoutMs?: number }): Promise<PluginConnection>;
  /** Takes in a message of the peer. */
  receive(info: ConnInfo): void;
  /** Uses a newly opened stream from here on, instead of any before. Returns what to call when it has ended. */
  attach(link: BrokerLink): () => void;
  status(): BrokerStatus;
  /** Ends the stream and keeps the connections, so that calls over them can finish. */
  endStream(): void;
  /** Closes all listeners and dialled connections and fails all waiting dials. Idempotent. */
  close(): void;
}

/** Makes a broker without a stream: what it announces waits for the first `attach`. */
export function createBroker(options: BrokerOptions): Broker {
  return new SymmetricBroker(options);
}

/** The limits of a broker. How long announcements are kept and dials wait is the same in Go. */
export const BROKER_DEFAULTS = {
  idleMs: 5_000,
  dialTimeoutMs: 5_000,
  maxPending: 1_024,
  readvertiseMs: 5_500,
} as const;

const MAX_ID = 0xffff_ffff;
/** Milliseconds from a connection to the next announcement: a peer in Go first has to forget the one that was used. */
const AFTER_USE_MS = 20;

class SymmetricBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #announcements: Announcements;
  // `opening` keeps an id taken while its socket is being made (B1).
  readonly #listeners = new Map<number, OpenListener | 'opening'>();
  #link: BrokerLink | undefined;
  #lastId = 0;
  #closed = false;

  constructor(options: BrokerOptions) {
    const { clock, idleMs = BROKER_DEFAULTS.idleMs, maxPending = BROKER_DEFAULTS.maxPending } = options;
    this.#options = options;
    this.#announcements = createAnnouncements({ clock, idleMs, maxPending });
  }

  nextId(): number {
    do this.#lastId = this.#lastId === MAX_ID ? 1 : this.#lastId + 1;
    while (this.#listeners.has(this.#lastId));
    return this.#lastId;
  }

  async accept(id: number, services: readonly ServedService[], options: AcceptOptions = {}): Promise<BrokerListener> {
    this.#checkOpen();
    checkId(id);
    if (this.#listeners.has(id)) {
      throw new RuntimeError('BROKER_ID_IN_USE', `this side already listens for broker id ${id}`);
    }
    this.#listeners.set(id, 'opening');
    let server: BoundServer;
    let listener: OpenListener | undefined;
    try {
      server = await this.#options.listen(services, () => listener?.announceSoon());
    } catch (error) {
      this.#listeners.delete(id);
      throw error;
    }
    if (this.#closed) {
      server.close();
      throw brokerClosed();
    }
    const { clock, readvertiseMs = BROKER_DEFAULTS.readvertiseMs } = this.#options;
    const opened = new OpenListener(id, server, () => this.#listeners.delete(id));
    listener = opened;
    this.#listeners.set(id, opened);
    this.#announce(opened);
    if (options.keepAdvertised === true) opened.keepAnnouncing(clock, readvertiseMs, () => this.#announce(opened));
    return opened;
  }

  async dial(id: number, { timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<PluginConnection> {
    this.#checkOpen();
    checkId(id);
    const { dialTimeoutMs = BROKER_DEFAULTS.dialTimeoutMs } = this.#options;
    const target = await this.#announcements.take(id, timeoutMs ?? dialTimeoutMs);
    const connection = await this.#options.dial(target).catch((error: unknown) => {
      throw this.#closed ? brokerClosed() : error;
    });
    if (!this.#closed) return connection;
    connection.close();
    throw brokerClosed();
  }

  receive(info: ConnInfo): void {
    if (this.#closed) return;
    const { serviceId, network, address, knock } = info;
    if (knock !== undefined) return this.#answerKnock(serviceId, knock.ack);
    const refusal = refusalOf(info);
    if (refusal === undefined) this.#options.onAnnounced?.({ network, address });
    this.#announcements.add(serviceId, refusal ?? { network, address });
  }

  attach(link: BrokerLink): () => void {
    if (this.#closed) {
      link.end();
      return () => {};
    }
    this.#link = link;
    // B3. What went out on the stream before may never have arrived; said twice does no harm.
    for (const listener of this.#listeners.values()) if (listener !== 'opening') this.#announce(listener);
    return () => {
      if (this.#link === link) this.#link = undefined;
    };
  }

  status(): BrokerStatus {
    const { pending, waiting, dropped } = this.#announcements;
    return { listeners: this.#listeners.size, pending, waiting, dropped };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const listener of this.#listeners.values()) if (listener !== 'opening') listener.close();
    this.#listeners.clear();
    this.#announcements.clear(brokerClosed());
    this.#options.onClose?.();
    this.endStream();
  }

  endStream(): void {
    this.#link?.end();
    this.#link = undefined;
  }

  #announce({ id, network, address }: BrokerListener): void {
    this.#link?.send({ serviceId: id, network, address });
  }

  /** A knock asks for a connection multiplexed over the main socket. Silence would cost the peer 5 seconds. */
  #answerKnock(serviceId: number, isAnswer: boolean): void {
    if (isAnswer) return;
    const error = 'ConnInfo.knock: connections multiplexed over one socket are not supported by this side';
    this.#link?.send({ serviceId, network: '', address: '', knock: { knock: true, ack: true, error } });
  }

  #checkOpen(): void {
    if (this.#closed) throw brokerClosed();
  }
}

class OpenListener implements BrokerListener {
  readonly id: number;
  readonly network: string;
  readonly address: string;
  readonly #server: BoundServer;
  readonly #onClose: () => void;
  #armAnnouncing: ((delayMs: number) => void) | undefined;
  #stopAnnouncing: (() => void) | undefined;
  #closed = false;

  constructor(id: number, server: BoundServer, onClose: () => void) {
    this.id = id;
    this.network = server.network;
    this.address = server.address;
    this.#server = server;
    this.#onClose = onClose;
  }

  /** B6. Announces the listener every `everyMs`, and soon after each connection, until it closes. */
  keepAnnouncing(clock: Clock, everyMs: number, announce: () => void): void {
    let timer: TimerHandle | undefined;
    const arm = (delayMs: number): void => {
      clock.clearTimeout(timer);
      const next = (): void => {
        announce();
        arm(everyMs);
      };
      timer = clock.setTimeout(next, delayMs, { unref: true });
    };
    arm(everyMs);
    this.#armAnnouncing = arm;
    this.#stopAnnouncing = () => clock.clearTimeout(timer);
  }

  /** Somebody has connected, so that the announcement is used. */
  announceSoon(): void {
    if (!this.#closed) this.#armAnnouncing?.(AFTER_USE_MS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopAnnouncing?.();
    this.#onClose();
    this.#server.close();
  }
}

/** An announcement that cannot be encoded would end the stream, and with it every later one. */
function checkId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return;
  throw new InvalidOptionsError('id', `is ${id}; a broker id is a whole number from 0 to ${MAX_ID}`);
}

/**
 * B5. What the peer says is not trusted further than the handshake line is. Looked at when it comes and not when it is
 * dialled, so that nothing of an address as large as a message is kept; the text repeats no part of it.
 */
function refusalOf({ serviceId: id, network, address }: ConnInfo): RuntimeError | undefined {
  if (network !== 'unix' && network !== 'tcp') {
    return new RuntimeError('NETWORK_UNSUPPORTED', `the network announced for broker id ${id} is neither unix nor tcp`);
  }
  const problem = addressProblem(network, address);
  if (problem === undefined) return undefined;
  return new RuntimeError('ADDRESS_INVALID', `the ${network} address announced for broker id ${id} ${problem}`);
}

function brokerClosed(): RuntimeError {
  return new RuntimeError('BROKER_CLOSED', 'the connection broker is closed');
}
