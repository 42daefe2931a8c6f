import { CODES } from './codes.ts';
import type { Code } from './codes.ts';

const BRAND: unique symbol = Symbol.for('troupe.RuntimeError') as never;

/** What else an error can carry. */
export interface RuntimeErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Facts for programs: names, limits, exit codes. Never secrets, never payloads. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The root of every error that the package throws or rejects with.
 *
 * `message` is `[CODE] text`; `rawMessage` is the text alone. Branch on `code`.
 */
export class RuntimeError extends Error {
  override readonly name: string = 'RuntimeError';
  /** Stable name of the error; see `docs/errors.md`. */
  readonly code: Code;
  /** The text without the code in front. */
  readonly rawMessage: string;
  /** Facts for programs. */
  readonly details: Readonly<Record<string, unknown>>;
  /** @internal */
  readonly [BRAND] = true;

  constructor(code: Code, message: string, options: RuntimeErrorOptions = {}) {
    // Programs without types give whatever they have, and everybody after this one relies on a text.
    const text = typeof message === 'string' ? message : printed(message);
    super(`[${code}] ${text}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.rawMessage = text;
    this.details = options.details ?? {};
  }

  /** Whether the same call may succeed a little later. */
  get retryable(): boolean {
    return CODES[this.code].retryable;
  }

  /**
   * Turns anything thrown into a `RuntimeError`. One that already is comes back unchanged; a gRPC status becomes the
   * code of the same name; anything else becomes `fallback` (default `INTERNAL`) with the original as `cause`.
   */
  static from(reason: unknown, fallback: Code = 'INTERNAL'): RuntimeError {
    if (isRuntimeError(reason)) return reason;
    if (reason instanceof Error) {
      const code = 'code' in reason && typeof reason.code === 'number' ? codeOfGrpcStatus(reason.code) : undefined;
      return new RuntimeError(code ?? fallback, textOf(reason), { cause: reason });
    }
    return new RuntimeError(fallback, `a value that is no error was thrown: ${printed(reason)}`, { cause: reason });
  }
}

/** True for errors of this package, also when they come from another copy of it. */
export function isRuntimeError(value: unknown): value is RuntimeError {
  return value instanceof Error && BRAND in value;
}

/** Our code for a numeric gRPC status; undefined for 0 (OK) and for numbers that gRPC does not define. */
export function codeOfGrpcStatus(status: number): Code | undefined {
  return GRPC_CODES[status];
}

// The first 16 codes of the table are gRPC's own statuses, in their order.
const GRPC_CODES: readonly (Code | undefined)[] = [undefined, ...(Object.keys(CODES).slice(0, 16) as Code[])];

/** Not everything that can be thrown can be turned into text. */
function printed(value: unknown): string {
  try {
    return String(value);
  } catch {
    // Such as an object without a prototype.
    return typeof value;
  }
}

/** grpc-js repeats the status in the text ("5 NOT_FOUND: no such key"); `details` has it alone. */
function textOf(error: Error): string {
  try {
    return 'details' in error && typeof error.details === 'string' && error.details !== ''
      ? error.details
      : error.message;
  } catch {
    // Its fields may be anything, also functions that throw.
    return 'an error without a readable text';
  }
}
