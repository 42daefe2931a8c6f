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

/** A plugin cannot run as it lacks others, or cannot stop as others need it. `code` says which. */
export class DependencyError extends RuntimeError {
  override readonly name = 'DependencyError';
  /** The plugin that lacks something, or that others need. */
  readonly plugin: string;

  constructor(code: Code, message: string, options: RuntimeErrorOptions & { readonly plugin: string }) {
    const { plugin } = options;
    super(code, message, { ...options, details: { ...options.details, plugin } });
    this.plugin = plugin;
  }
}

/** A plugin did what it may not do. */
export class PermissionDeniedError extends RuntimeError {
  override readonly name = 'PermissionDeniedError';
  readonly plugin: string;
  /** The permission that it lacks, such as `capability:posts.write`. */
  readonly permission: string;

  constructor(plugin: string, permission: string, options: RuntimeErrorOptions = {}) {
    super('PERMISSION_DENIED', `plugin "${plugin}" lacks the permission ${permission}`, {
      ...options,
      details: { ...options.details, plugin, permission },
    });
    this.plugin = plugin;
    this.permission = permission;
  }
}

/** What was to be done with a plugin, and why not. */
export interface RefusedTransition {
  readonly plugin: string;
  /** Such as `activate`. */
  readonly operation: string;
  /** The state that the plugin is in; `absent` when there is none. */
  readonly actual: string;
  /** The states in which it could be done. */
  readonly expected: readonly string[];
}

/** An operation does not fit the state of its plugin, or comes while another one is under way. */
export class InvalidTransitionError extends RuntimeError {
  override readonly name = 'InvalidTransitionError';
  readonly plugin: string;
  readonly operation: string;
  readonly actual: string;
  readonly expected: readonly string[];

  constructor({ plugin, operation, actual, expected }: RefusedTransition, options: RuntimeErrorOptions = {}) {
    const text = `plugin "${plugin}" is ${actual}; ${operation} needs it to be ${expected.join(' or ')}`;
    super('INVALID_TRANSITION', text, {
      ...options,
      details: { ...options.details, plugin, operation, actual, expected },
    });
    this.plugin = plugin;
    this.operation = operation;
    this.actual = actual;
    this.expected = expected;
  }
}
