// What failures look like on a connection, the same for every carrier.

import { CODES, codeOfGrpcStatus, DeadlineExceededError, RuntimeError } from '../errors/index.ts';
import type { CodeInfo } from '../errors/index.ts';

/** A gRPC status that is not OK. */
export interface CallStatus {
  readonly code: number;
  readonly details: string;
}

/** Longest text of a status in characters. Escaped it must fit into an HTTP/2 header block of any peer. */
export const MAX_STATUS_TEXT = 2_048;

/** Default limit for one received message, in bytes: 64 MiB. */
export const DEFAULT_MAX_RECEIVE_BYTES = 64 * 1024 * 1024;

const UNKNOWN = CODES.UNKNOWN.grpc;

/** The status with which a handler's failure is answered: that of a `RuntimeError`, else UNKNOWN; text is kept. */
export function statusOf(reason: unknown): CallStatus {
  const error = RuntimeError.from(reason, 'UNKNOWN');
  // The error may come from another copy of the package, whose table has codes that this one lacks.
  const info: CodeInfo | undefined = CODES[error.code];
  // A lone surrogate cannot be escaped for a header.
  const details = error.rawMessage.slice(0, MAX_STATUS_TEXT).toWellFormed();
  return { code: info?.grpc ?? UNKNOWN, details };
}

/** What the caller's side knows about a failed call. */
export interface FailedCall {
  readonly path: string;
  readonly timeoutMs?: number | undefined;
  readonly maxReceiveBytes: number;
  /** True when the status was made up on this side because the connection failed. */
  readonly isLost?: boolean;
  /** What went wrong underneath. */
  readonly cause?: unknown;
}

/** The error of a call that ended with a status other than OK. */
export function errorOfStatus(status: CallStatus, call: FailedCall): RuntimeError {
  const { path, timeoutMs, cause } = call;
  const details = { method: path, ...(call.isLost === true ? { origin: 'connection' } : {}) };
  const options = { ...(cause === undefined ? {} : { cause }), details };
  const code = codeOfGrpcStatus(status.code) ?? 'UNKNOWN';
  if (code === 'DEADLINE_EXCEEDED' && timeoutMs !== undefined && /deadline exceeded/i.test(status.details)) {
    return new DeadlineExceededError(`call ${path}`, timeoutMs, options);
  }
  const text = code === 'RESOURCE_EXHAUSTED' ? explainSize(status.details, call) : status.details;
  return new RuntimeError(code, text === '' ? `call ${path} failed` : text, options);
}

/** The error of a call that its own side gave up. */
export function cancelledError(path: string, why: string, cause?: unknown): RuntimeError {
  return new RuntimeError('CANCELLED', `call ${path} was cancelled: ${why}`, { cause, details: { method: path } });
}

/** The error of a call that its own side ended by closing the connection. */
export function closedError(path: string, cause?: unknown): RuntimeError {
  return new RuntimeError('CANCELLED', `call ${path} was cancelled: the connection was closed`, {
    cause,
    details: { method: path, origin: 'connection' },
  });
}

/** The text that receivers of too large messages answer with; the same as that of grpc-js. */
export function tooLargeText(sizeBytes: number, limitBytes: number): string {
  return `Received message larger than max (${sizeBytes} vs ${limitBytes})`;
}

/** Says whose limit a message exceeded and where it is set: the bare numbers have cost many users an evening. */
function explainSize(text: string, call: FailedCall): string {
  const match = /larger than max \((\d+) vs\.? (\d+)\)/.exec(text);
  if (match === null) return text;
  const [, size, limit] = match;
  return (
    `call ${call.path}: a message of ${size} bytes exceeds its receiver's limit of ${limit} bytes; servers take 4 MiB ` +
    `(4194304 bytes) unless told otherwise, this side takes "maxReceiveBytes" = ${call.maxReceiveBytes}`
  );
}
