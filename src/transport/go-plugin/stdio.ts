// What a plugin's program prints after the handshake, on its way to the host.
//
// Invariants:
//   P1. Writing never waits and never fails, whether or not anybody reads.
//   P2. At most `maxBufferedBytes` wait; beyond that the oldest chunks are dropped and their bytes counted.
//   P3. At most one reader at a time: two would each get a part. A second one is refused with FAILED_PRECONDITION.
//   P4. Within a channel chunks keep their order.

import { RuntimeError } from '../../errors/index.ts';
import { GRPCStdioService, StdioData_Channel } from '../../gen/plugin/grpc_stdio.ts';
import type { StdioData } from '../../gen/plugin/grpc_stdio.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import { service } from '../../ports/service.ts';
import type { CallContext, ServedService } from '../../ports/service.ts';
import type { StreamOutcome } from './kept-stream.ts';

/** The streams of a program's output. */
export type StdioChannel = 'stdout' | 'stderr';

/** A piece of output, not framed by lines. */
export interface StdioChunk {
  readonly stream: StdioChannel;
  readonly data: Buffer;
}

/** Options of the plugin's side. */
export interface StdioOptions {
  /** How many bytes wait for a reader at most. Default 65,536, what a pipe holds. */
  readonly maxBufferedBytes?: number;
}

/** The plugin's side. */
export interface PluginStdio {
  /** What to serve. */
  readonly service: ServedService;
  /** Bytes that were dropped because nobody read them in time. */
  readonly droppedBytes: number;
  /** Sends output to the host. The bytes are copied. */
  write(channel: StdioChannel, data: Uint8Array | string): void;
  /** Resolves when all that was written has been handed to the reader; at once when there is none. */
  flushed(): Promise<void>;
  /** Ends the reader's stream after what waits. Later output is dropped. Idempotent. */
  close(): void;
}

/** Bytes of output that wait for a reader by default: what a pipe holds. */
export const STDIO_BUFFER_BYTES = 65_536;
/** Go plugins send no larger chunks. */
const MAX_CHUNK_BYTES = 1_024;

/** Makes the plugin's side of the output stream. */
export function stdioService(options: StdioOptions = {}): PluginStdio {
  return new StdioBuffer(options.maxBufferedBytes ?? STDIO_BUFFER_BYTES);
}

class StdioBuffer implements PluginStdio {
  readonly service: ServedService;
  readonly #maxBytes: number;
  #chunks: StdioData[] = [];
  #bytes = 0;
  #droppedBytes = 0;
  #closed = false;
  #reading = false;
  #wakeReader: (() => void) | undefined;
  #flushed: (() => void)[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.service = service(GRPCStdioService, { streamStdio: (_, context) => this.#stream(context) });
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  write(channel: StdioChannel, data: Uint8Array | string): void {
    const bytes = Buffer.from(data);
    if (this.#closed) {
      this.#droppedBytes += bytes.length;
      return;
    }
    const code = channel === 'stdout' ? StdioData_Channel.STDOUT : StdioData_Channel.STDERR;
    for (let start = 0; start < bytes.length; start += MAX_CHUNK_BYTES) {
      this.#add({ channel: code, data: bytes.subarray(start, start + MAX_CHUNK_BYTES) });
    }
    while (this.#bytes > this.#maxBytes) this.#dropOldest();
    this.#wakeReader?.();
  }

  flushed(): Promise<void> {
    if (this.#chunks.length === 0 || !this.#reading) return Promise.resolve();
    return new Promise((resolve) => this.#flushed.push(resolve));
  }

  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
  }

  #stream(context: CallContext): AsyncGenerator<StdioData> {
    if (this.#reading) throw new RuntimeError('FAILED_PRECONDITION', 'the output of this plugin has a reader already');
    this.#reading = true;
    const wake = (): void => this.#wakeReader?.();
    context.signal.addEventListener('abort', wake, { once: true });
    // Not in the generator's `finally`: one that nobody has started to read never gets there.
    context.onReplied(() => {
      context.signal.removeEventListener('abort', wake);
      this.#reading = false;
      this.#tellFlushed();
    });
    return this.#read(context.signal);
  }

  async *#read(signal: AbortSignal): AsyncGenerator<StdioData> {
    for (;;) {
      while (!signal.aborted) {
        const chunk = this.#chunks.shift();
        if (chunk === undefined) break;
        this.#bytes -= chunk.data.length;
        yield chunk;
      }
      // Here and not before the last chunk was taken over by the connection.
      if (this.#chunks.length === 0) this.#tellFlushed();
      if (this.#closed || signal.aborted) return;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      this.#wakeReader = undefined;
    }
  }

  /** Small writes join the chunk before: a program that prints letter by letter must not make a message of each. */
  #add(chunk: StdioData): void {
    this.#bytes += chunk.data.length;
    const last = this.#chunks.at(-1);
    if (last?.channel === chunk.channel && last.data.length + chunk.data.length <= MAX_CHUNK_BYTES) {
      last.data = Buffer.concat([last.data, chunk.data]);
    } else {
      this.#chunks.push(chunk);
    }
  }

  #dropOldest(): void {
    const dropped = this.#chunks.shift()?.data.length ?? 0;
    this.#bytes -= dropped;
    this.#droppedBytes += dropped;
  }

  #tellFlushed(): void {
    for (const resolve of this.#flushed.splice(0)) resolve();
  }
}

/** How reading ended. `unsupported`: the plugin does not offer its output this way. */
export type StdioOutcome = StreamOutcome;

/**
 * Reads the plugin's output until the stream or the connection ends. Never rejects for what the plugin does; rejects
 * with what `onChunk` throws. Call it for every plugin, even when the output is not wanted: one that nobody reads blocks
 * Go plugins after 64 KiB.
 */
export async function readStdio(
  connection: PluginConnection,
  onChunk: (chunk: StdioChunk) => void,
  options: { readonly signal?: AbortSignal } = {},
): Promise<StdioOutcome> {
  const { signal } = options;
  const stream = connection.serverStream(GRPCStdioService.streamStdio, {}, signal === undefined ? {} : { signal });
  const iterator = stream[Symbol.asyncIterator]();
  for (let received = 0; ; received += 1) {
    let result: IteratorResult<StdioData>;
    try {
      result = await iterator.next();
    } catch (error) {
      return outcomeOf(RuntimeError.from(error), received > 0);
    }
    if (result.done === true) return { kind: 'closed' };
    const chunk = chunkOf(result.value);
    try {
      if (chunk !== undefined) onChunk(chunk);
    } catch (error) {
      await iterator.return?.();
      throw error;
    }
  }
}

function chunkOf({ channel, data }: StdioData): StdioChunk | undefined {
  if (channel === StdioData_Channel.STDOUT) return { stream: 'stdout', data };
  if (channel === StdioData_Channel.STDERR) return { stream: 'stderr', data };
  return undefined;
}

function outcomeOf(error: RuntimeError, hadOutput: boolean): StdioOutcome {
  if (error.code === 'CANCELLED') return { kind: 'closed' };
  if (error.code === 'UNIMPLEMENTED') return { kind: 'unsupported' };
  if (error.code === 'UNAVAILABLE') {
    // The connection is gone. When the plugin says so itself, and before any output, it is from before go-plugin 1.1.
    const isLost = error.details['origin'] === 'connection';
    return { kind: hadOutput || isLost ? 'closed' : 'unsupported' };
  }
  return { kind: 'failed', error };
}
