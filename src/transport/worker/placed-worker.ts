// One plugin in a worker thread, from its start until nothing of it is left. The invariants are those of the placement.

import { PassThrough } from 'node:stream';
import type { MessagePort, Worker } from 'node:worker_threads';
import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { ConnectionBroker } from '../../ports/connection-broker.ts';
import type { Environment } from '../../ports/environment.ts';
import type { PlacedPlugin, PlacementReport } from '../../ports/placement.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import type { ProcessExit } from '../../ports/process-launcher.ts';
import { within } from '../../ports/within.ts';
import { requireKnownVersion } from '../go-plugin/handshake-line.ts';
import { createPluginOutput } from '../go-plugin/plugin-output.ts';
import type { PluginOutput } from '../go-plugin/plugin-output.ts';
import { deathText, headlineOf } from '../in-process/seat-log.ts';
import { SeatSession } from '../in-process/seat-session.ts';
import { unlessAborted } from '../in-process/unless-aborted.ts';
import { FramePort } from './frame-port.ts';
import { watchMemory } from './memory-watch.ts';
import { createPortBroker } from './port-broker.ts';
import type { PortBroker } from './port-broker.ts';
import { PortConnection } from './port-connection.ts';
import type { WorkerPlacementOptions } from './worker-placement.ts';

/** Milliseconds that the standard error of a thread which has ended may take to end. */
const OUTPUT_GRACE_MS = 250;

/** What an instance is made of. */
export interface PlacedWorkerParts {
  readonly options: WorkerPlacementOptions;
  readonly environment: Environment;
  readonly worker: Worker;
  /** The host's end of the channel that the thread was started with. */
  readonly port: MessagePort;
}

/** Takes over a thread that was just started. */
export function createPlacedWorker(parts: PlacedWorkerParts): PlacedPlugin {
  return new PlacedWorker(parts);
}

class PlacedWorker implements PlacedPlugin {
  readonly pid = 0;
  readonly exited: Promise<ProcessExit>;
  readonly #parts: PlacedWorkerParts;
  readonly #output: PluginOutput;
  readonly #stderr = new PassThrough();
  readonly #port: FramePort;
  readonly #connection: PortConnection;
  readonly #broker: PortBroker;
  readonly #seated = Promise.withResolvers<number>();
  #isSeated = false;
  #session: SeatSession | undefined;
  #isReady = false;
  /** The signal that a process would have been ended by. */
  #endedBy: 'SIGKILL' | 'SIGTERM' | undefined;
  #isOver = false;
  #death: Death | undefined;
  readonly #stopWatching: () => void;
  #cleaned: Promise<PlacementReport> | undefined;

  constructor(parts: PlacedWorkerParts) {
    this.#parts = parts;
    const { options, environment, worker, port } = parts;
    const { clock, log } = environment;
    const { plugin, onOutput, maxReceiveBytes } = options;
    this.#output = createPluginOutput({ plugin, log, clock, onOutput });
    worker.stderr.pipe(this.#stderr);
    this.#output.readStderr(this.#stderr);
    this.#output.drainStdout(worker.stdout);
    this.#port = new FramePort(port, {
      onFrame: (kind, call, body) => this.#connection.onFrame(kind, call, body),
      onNote: (note) => this.#onNote(note),
      onClosed: () => this.#connection.lost(),
    });
    // The thread itself keeps the process alive, as a child process does.
    this.#port.unref();
    this.#connection = new PortConnection(this.#port, { clock, maxReceiveBytes });
    const post = this.#port.post.bind(this.#port);
    this.#broker = createPortBroker({ clock, maxReceiveBytes, post });
    this.#stopWatching = watchMemory(worker, clock, options.memoryMb, () => this.#outgrow());
    // Stays until the thread is gone: without a listener its errors would be the host's.
    worker.on('error', (error) => this.#onError(error));
    this.exited = new Promise((resolve) => worker.once('exit', (code) => resolve(this.#onExit(code))));
  }

  async handshake(signal: AbortSignal): Promise<{ readonly version: number }> {
    const version = await unlessAborted(this.#seated.promise, signal);
    return { version: requireKnownVersion(version, this.#parts.options.versions) };
  }

  async connect(): Promise<void> {
    const { options, environment } = this.#parts;
    const log = environment.log.child({ plugin: options.plugin });
    this.#session = new SeatSession(this.#connection, this.#broker, options, log);
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#live().probe(signal);
    this.#isReady = true;
  }

  connection(): PluginConnection {
    return this.#live().connection;
  }

  broker(): ConnectionBroker {
    return this.#live().broker;
  }

  checkHealth(signal: AbortSignal): Promise<void> {
    return this.#live().checkHealth(signal);
  }

  requestShutdown(signal: AbortSignal): Promise<void> {
    return this.#live().requestShutdown(signal);
  }

  terminate(): void {
    // As with a process: what has no handler for the signal is ended by it.
    if (this.#isSeated) this.#port.post({ kind: 'terminate' });
    else this.#endBy('SIGTERM');
  }

  kill(): void {
    this.#endBy('SIGKILL');
  }

  cleanUp(): Promise<PlacementReport> {
    this.#cleaned ??= this.#cleanUp();
    return this.#cleaned;
  }

  async #cleanUp(): Promise<PlacementReport> {
    const { worker, environment, options } = this.#parts;
    this.kill();
    await within(environment.clock, OUTPUT_GRACE_MS, this.#output.stderrEnded);
    this.#output.stop();
    worker.stdout.destroy();
    worker.stderr.destroy();
    this.#stderr.destroy();
    this.#closeChannel();
    return { stderrTail: this.#output.tail(), diagnosis: diagnosisOf(options, this.#death, this.#isReady) };
  }

  /** Takes in what the thread has posted, whatever it is. */
  #onNote(note: unknown): void {
    const { kind, version } = note as { readonly kind?: unknown; readonly version?: unknown };
    if (kind !== 'seated') return this.#broker.onNote(note);
    this.#isSeated = true;
    this.#seated.resolve(Number(version));
  }

  #onError(error: unknown): void {
    this.#death ??= isOutOfMemory(error) ? 'out of memory' : { error };
    if (this.#death !== 'out of memory') this.#stderr.write(deathText(error));
  }

  #outgrow(): void {
    this.#death ??= 'out of memory';
    void this.#parts.worker.terminate();
  }

  #onExit(code: number): ProcessExit {
    // What it has sent before its end is told before it.
    this.#port.drain();
    this.#stopWatching();
    this.#isOver = true;
    this.#closeChannel();
    return this.#endedBy === undefined ? { code, signal: null } : { code: null, signal: this.#endedBy };
  }

  #endBy(signal: 'SIGKILL' | 'SIGTERM'): void {
    if (this.#isOver) return;
    this.#endedBy = signal;
    void this.#parts.worker.terminate();
  }

  #closeChannel(): void {
    this.#broker.close();
    this.#connection.lost();
    this.#port.close();
  }

  #live(): SeatSession {
    if (this.#session === undefined) {
      throw new RuntimeError('PLUGIN_UNAVAILABLE', `plugin "${this.#parts.options.plugin}" is not connected`);
    }
    return this.#session;
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** What a thread died of. */
type Death = 'out of memory' | { readonly error: unknown };

/** A better explanation than "exited with code 1"; undefined when there is none. */
function diagnosisOf(
  { plugin, memoryMb }: WorkerPlacementOptions,
  death: Death | undefined,
  wasReady: boolean,
): { readonly code: Code; readonly message: string } | undefined {
  if (death === undefined) return undefined;
  if (death === 'out of memory') {
    const message = `plugin "${plugin}" needed more than ${memoryMb} MiB of memory and was ended`;
    return { code: 'PLUGIN_MEMORY_LIMIT', message };
  }
  const message = `plugin "${plugin}" failed: ${headlineOf(death.error)}`;
  return { code: wasReady ? 'PLUGIN_CRASHED' : 'PLUGIN_EXITED_EARLY', message };
}
