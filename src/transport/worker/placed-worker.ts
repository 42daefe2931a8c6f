// One plugin in a worker thread, from its start until nothing of it is left. The invariants are those of the placement.

import { PassThrough } from 'node:stream';
import type { MessagePort, Worker } from 'node:worker_threads';
import type { Environment } from '../../ports/environment.ts';
import type { PlacedPlugin } from '../../ports/placement.ts';
import type { ProcessExit } from '../../ports/process-launcher.ts';
import { deathText } from '../in-process/seat-log.ts';
import { SeatedInstance } from '../in-process/seated-instance.ts';
import type { Diagnosis } from '../in-process/seated-instance.ts';
import { FramePort } from './frame-port.ts';
import { watchMemory } from './memory-watch.ts';
import { createPortBroker } from './port-broker.ts';
import type { PortBroker } from './port-broker.ts';
import { PortConnection } from './port-connection.ts';
import type { WorkerPlacementOptions } from './worker-placement.ts';

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

class PlacedWorker extends SeatedInstance {
  readonly exited: Promise<ProcessExit>;
  readonly #parts: PlacedWorkerParts;
  readonly #stderr = new PassThrough();
  readonly #port: FramePort;
  readonly #connection: PortConnection;
  readonly #broker: PortBroker;
  #isSeated = false;
  /** The signal that a process would have been ended by. */
  #endedBy: 'SIGKILL' | 'SIGTERM' | undefined;
  #isOver = false;
  #death: Death | undefined;
  readonly #stopWatching: () => void;

  constructor(parts: PlacedWorkerParts) {
    const { options, environment, worker, port } = parts;
    const { clock } = environment;
    const { maxReceiveBytes } = options;
    super(options, environment);
    this.#parts = parts;
    worker.stderr.pipe(this.#stderr);
    this.output.readStderr(this.#stderr);
    this.output.drainStdout(worker.stdout);
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

  async connect(): Promise<void> {
    this.connected(this.#connection, this.#broker);
  }

  terminate(): void {
    // As with a process: what has no handler for the signal is ended by it.
    if (this.#isSeated) this.#port.post({ kind: 'terminate' });
    else this.#endBy('SIGTERM');
  }

  kill(): void {
    this.#endBy('SIGKILL');
  }

  protected release(): void {
    const { worker } = this.#parts;
    worker.stdout.destroy();
    worker.stderr.destroy();
    this.#stderr.destroy();
    this.#closeChannel();
  }

  protected diagnosis(): Diagnosis {
    if (this.#death === undefined) return undefined;
    if (this.#death !== 'out of memory') return this.diedOf(this.#death.error);
    const { plugin, memoryMb } = this.#parts.options;
    const message = `plugin "${plugin}" needed more than ${memoryMb} MiB of memory and was ended`;
    return { code: 'PLUGIN_MEMORY_LIMIT', message };
  }

  /** Takes in what the thread has posted, whatever it is. */
  #onNote(note: unknown): void {
    const { kind, version } = note as { readonly kind?: unknown; readonly version?: unknown };
    if (kind !== 'seated') return this.#broker.onNote(note);
    this.#isSeated = true;
    this.seated.resolve(Number(version));
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
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** What a thread died of. */
type Death = 'out of memory' | { readonly error: unknown };
