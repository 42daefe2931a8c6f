// Subclasses exist only where callers catch them; everything else is a RuntimeError with its code.

import type { Code } from './codes.ts';
import { RuntimeError } from './runtime-error.ts';
import type { RuntimeErrorOptions } from './runtime-error.ts';

/** An option cannot be used. Thrown synchronously; `field` is the path of the option. */
export class InvalidOptionsError extends RuntimeError {
  override readonly name = 'InvalidOptionsError';
  /** Path of the option, for example `health.intervalMs`. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super('INVALID_OPTIONS', `option "${field}" ${problem}`, { details: { field } });
    this.field = field;
  }
}

/** The plugin's handshake was refused. `code` says why. */
export class HandshakeError extends RuntimeError {
  override readonly name = 'HandshakeError';
}

/** Where in its life a plugin process was when it failed. */
export type PluginPhase =
  | 'spawning'
  | 'handshaking'
  | 'connecting'
  | 'probing'
  | 'ready'
  | 'draining'
  | 'stopping'
  | 'killing';

/** What is known about a failed plugin process. */
export interface PluginFailureOptions extends RuntimeErrorOptions {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  /** What the process was doing. */
  readonly phase: PluginPhase;
  /** Exit code; null when a signal ended the process; undefined while it runs or never ran. */
  readonly exitCode?: number | null | undefined;
  /** Name of the signal that ended the process. */
  readonly signal?: string | null | undefined;
  /** The last lines the process wrote to its standard error, at most 20. */
  readonly stderrTail?: readonly string[];
}

/** A plugin process failed: it could not be started, crashed, or stopped answering. */
export class PluginCrashedError extends RuntimeError {
  override readonly name = 'PluginCrashedError';
  /** Name of the plugin within its host. */
  readonly plugin: string;
  /** What the process was doing. */
  readonly phase: PluginPhase;
  /** Exit code; null when a signal ended the process; undefined while it runs or never ran. */
  readonly exitCode: number | null | undefined;
  /** Name of the signal that ended the process. */
  readonly signal: string | null | undefined;
  /** The last lines the process wrote to its standard error, at most 20. */
  readonly stderrTail: readonly string[];

  constructor(code: Code, message: string, options: PluginFailureOptions) {
    const { plugin, phase, exitCode, signal, stderrTail = [] } = options;
    super(code, message, { ...options, details: { ...options.details, plugin, phase, exitCode, signal, stderrTail } });
    this.plugin = plugin;
    this.phase = phase;
    this.exitCode = exitCode;
    this.signal = signal;
    this.stderrTail = stderrTail;
  }
}

/** No answer came in time. */
export class DeadlineExceededError extends RuntimeError {
  override readonly name = 'DeadlineExceededError';

  constructor(what: string, limitMs: number, options: RuntimeErrorOptions = {}) {
    super('DEADLINE_EXCEEDED', `${what} did not finish within ${limitMs} ms`, {
      ...options,
      details: { ...options.details, limitMs },
    });
  }
}
