// One plugin process, from its first output to the removal of its last file. The invariants are those of the placement.

import type {
  ConnectionBroker,
  Environment,
  PlacedPlugin,
  PlacementReport,
  PluginConnection,
  ProcessExit,
  RunningProcess,
} from '../../ports/index.ts';
import { within } from '../../ports/within.ts';
import { HandshakeError, isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { readFirstLine, removeSocket } from '../process/index.ts';
import type { PrivateDirectory } from '../process/index.ts';
import type { Certificate } from './certificate.ts';
import { diagnoseExit } from './exit-diagnosis.ts';
import { MAX_HANDSHAKE_LINE_BYTES, parseHandshakeLine } from './handshake-line.ts';
import type { HandshakeLine } from './handshake-line.ts';
import { createPluginOutput } from './plugin-output.ts';
import type { PluginOutput } from './plugin-output.ts';
import { openPluginSession } from './plugin-session.ts';
import type { PluginSession } from './plugin-session.ts';
import type { ProcessPlacementOptions } from './process-placement.ts';

/** Milliseconds that the standard error of a process which has exited may take to end. */
const OUTPUT_GRACE_MS = 250;
/** Milliseconds that a process may take to exit after its output or its connection broke. */
const EXIT_GRACE_MS = 1000;

/** Share of the time left that a step of the start takes at most: its own reason is told before the start timeout. */
const TIME_SHARE = 0.9;

/** What an instance is made of. */
export interface PlacedProcessParts {
  readonly options: ProcessPlacementOptions;
  readonly environment: Environment;
  readonly process: RunningProcess;
  readonly directory: PrivateDirectory;
  /** The host's certificate for this instance; undefined without TLS. */
  readonly certificate: Certificate | undefined;
  /** Wall-clock time just before the start, in epoch milliseconds. */
  readonly startedAt: number;
}

/** Takes over a process that was just started. */
export function createPlacedProcess(parts: PlacedProcessParts): PlacedPlugin {
  return new PlacedProcess(parts);
}

class PlacedProcess implements PlacedPlugin {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #parts: PlacedProcessParts;
  readonly #output: PluginOutput;
  /** On the monotonic clock, just before the chart starts to time the start. */
  readonly #placedAtMs: number;
  #line: HandshakeLine | undefined;
  #session: PluginSession | undefined;
  #exit: ProcessExit | undefined;
  #cleaned: Promise<PlacementReport> | undefined;

  constructor(parts: PlacedProcessParts) {
    this.#parts = parts;
    this.pid = parts.process.pid;
    this.exited = parts.process.exited;
    void this.exited.then((exit) => {
      this.#exit = exit;
    });
    const { options, environment } = parts;
    this.#placedAtMs = environment.clock.monotonic();
    this.#output = createPluginOutput({
      plugin: options.plugin,
      log: environment.log,
      clock: environment.clock,
      onOutput: options.onOutput,
    });
    this.#output.readStderr(parts.process.stderr);
  }

  async handshake(signal: AbortSignal): Promise<{ readonly version: number }> {
    const { options, process } = this.#parts;
    let text: string;
    try {
      text = await readFirstLine(process.stdout, { maxBytes: MAX_HANDSHAKE_LINE_BYTES, signal });
    } catch (error) {
      if (isRuntimeError(error) && error.code === 'PLUGIN_EXITED_EARLY') throw await this.#closedItsOutput(error);
      throw error;
    } finally {
      this.#output.drainStdout(process.stdout);
    }
    this.#line = parseHandshakeLine(text, { versions: options.versions, requireCertificate: !options.insecure });
    return { version: this.#line.appVersion };
  }

  async connect(signal: AbortSignal): Promise<void> {
    const { options, environment, certificate, directory } = this.#parts;
    if (this.#line === undefined) throw new RuntimeError('INTERNAL', 'connect came before the handshake');
    const opening = openPluginSession({
      line: this.#line,
      contract: options.contract,
      certificate,
      clock: environment.clock,
      log: environment.log.child({ plugin: options.plugin }),
      directory: directory.path,
      socketGroup: options.socketGroup,
      maxReceiveBytes: options.maxReceiveBytes,
      timeoutMs: this.#timeShareMs(),
      onOutput: (chunk) => this.#output.push(chunk),
      signal,
    });
    this.#session = await this.#unlessItExits(opening);
  }

  async probe(signal: AbortSignal): Promise<void> {
    const { plugin, config, startTimeoutMs } = this.#parts.options;
    await this.#unlessItExits(this.#live().probe({ plugin, config, timeoutMs: startTimeoutMs, signal }));
  }

  connection(): PluginConnection {
    return this.#live().connection;
  }

  broker(): ConnectionBroker {
    return this.#live().broker;
  }

  checkHealth(signal: AbortSignal): Promise<void> {
    return this.#live().checkHealth(this.#parts.options.healthTimeoutMs, signal);
  }

  requestShutdown(signal: AbortSignal): Promise<void> {
    return this.#live().requestShutdown(this.#parts.options.shutdownTimeoutMs, signal);
  }

  terminate(): void {
    this.#parts.process.signal('SIGTERM');
  }

  kill(): void {
    this.#parts.process.signalGroup('SIGKILL');
  }

  cleanUp(): Promise<PlacementReport> {
    this.#cleaned ??= this.#cleanUp();
    return this.#cleaned;
  }

  async #cleanUp(): Promise<PlacementReport> {
    const { process, directory, environment, options, startedAt } = this.#parts;
    this.#session?.close();
    await this.#within(OUTPUT_GRACE_MS, this.#output.stderrEnded);
    this.#output.stop();
    process.signalGroup('SIGKILL');
    process.release();
    for (const path of this.#announcedPaths()) await removeSocket(path, { createdAfterMs: startedAt });
    const { problem } = await directory.remove();
    if (problem !== undefined) {
      environment.log.log('warn', problem.message, { plugin: options.plugin, error: problem });
    }
    const stderrTail = this.#output.tail();
    const handshaken = this.#line !== undefined;
    return {
      stderrTail,
      diagnosis: diagnoseExit({ exit: this.#exit, handshaken, stderrTail, plugin: options.plugin }),
    };
  }

  /** Sockets outside the private directory: those of plugins that ignore where theirs belong. */
  #announcedPaths(): readonly string[] {
    const main = this.#line?.network === 'unix' ? [this.#line.address] : [];
    const prefix = `${this.#parts.directory.path}/`;
    return [...main, ...(this.#session?.announcedPaths ?? [])].filter((path) => !path.startsWith(prefix));
  }

  #live(): PluginSession {
    if (this.#session === undefined) {
      throw new RuntimeError('PLUGIN_UNAVAILABLE', `plugin "${this.#parts.options.plugin}" is not connected`);
    }
    return this.#session;
  }

  #timeShareMs(): number {
    const { options, environment } = this.#parts;
    const leftMs = options.startTimeoutMs - (environment.clock.monotonic() - this.#placedAtMs);
    return Math.max(1, Math.floor(leftMs * TIME_SHARE));
  }

  /** The output ends just before a process does: then its exit explains more, and the chart hears of it by itself. */
  async #closedItsOutput(cause: RuntimeError): Promise<RuntimeError> {
    await this.#within(EXIT_GRACE_MS, this.exited);
    const text = `plugin "${this.#parts.options.plugin}" closed its output without a handshake line`;
    return new HandshakeError('HANDSHAKE_MALFORMED', text, { cause });
  }

  /** A connection breaks just before its process has exited: again the exit explains more. */
  async #unlessItExits<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      if (isBroken(error)) await this.#within(Math.min(EXIT_GRACE_MS, this.#timeShareMs()), this.exited);
      throw error;
    }
  }

  async #within(limitMs: number, wanted: Promise<unknown>): Promise<void> {
    await within(this.#parts.environment.clock, limitMs, wanted);
  }
}

function isBroken(error: unknown): boolean {
  if (!isRuntimeError(error)) return false;
  return error.code === 'CONNECT_FAILED' || error.details['origin'] === 'connection' || isBroken(error.cause);
}
