// The way from a command to the host of a data directory.

import { userInfo } from 'node:os';
import { CODES, isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import { AdminServiceService } from '../../gen/troupe/admin/v1/admin.ts';
import type { AdminError } from '../../gen/troupe/admin/v1/admin.ts';
import { dataDirectoryAt, PRINCIPAL_FIELD, principalField, requireAdminSocket } from '../../host/index.ts';
import { createRealClock } from '../../ports/index.ts';
import type { CallOptions, ServiceClient } from '../../ports/index.ts';
import { createGrpcConnection, createServiceClient } from '../../transport/index.ts';
import { dataDirectoryOf } from './data-flag.ts';

/** A connection to a host. Whoever makes it closes it. */
export interface AdminClient {
  readonly service: ServiceClient<typeof AdminServiceService>;
  /** Options of calls that change something: they say who wants it. */
  readonly asUser: CallOptions;
  /** Absolute path of the data directory. */
  readonly directory: string;
  close(): void;
}

/** Milliseconds until a host that accepts connections must have answered. */
const CONNECT_MS = 5000;

/**
 * Connects to the host of a data directory.
 *
 * @throws HOST_NOT_RUNNING; ADMIN_SOCKET_UNSAFE; PERMISSION_DENIED; CONNECT_FAILED
 */
export async function connectAdmin(flag: string | undefined): Promise<AdminClient> {
  const directory = dataDirectoryOf(flag);
  const path = dataDirectoryAt(directory).adminSocket;
  const clock = createRealClock();
  try {
    await requireAdminSocket(path, clock);
  } catch (error) {
    throw unreachable(directory, error);
  }
  const connection = createGrpcConnection({ target: { network: 'unix', path }, clock, connectTimeoutMs: CONNECT_MS });
  try {
    await connection.ready();
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    service: createServiceClient(AdminServiceService, connection),
    asUser: { metadata: { [PRINCIPAL_FIELD]: principalField(userName()) } },
    directory,
    close: () => connection.close(),
  };
}

/** Does something with the host of a data directory, and lets go of it. */
export async function withAdmin<T>(flag: string | undefined, work: (admin: AdminClient) => Promise<T>): Promise<T> {
  const admin = await connectAdmin(flag);
  try {
    return await work(admin);
  } finally {
    admin.close();
  }
}

/** Hands out an answer, or throws what it says went wrong. */
export function answerOf<T extends { readonly error?: AdminError | undefined }>(answer: T): T {
  if (answer.error !== undefined) throw errorOf(answer.error);
  return answer;
}

/** An error of the host as one of this process. */
export function errorOf({ code, message, detailsJson }: AdminError): RuntimeError {
  const known = Object.hasOwn(CODES, code) ? (code as Code) : 'UNKNOWN';
  return new RuntimeError(known, message, { details: detailsOf(detailsJson) });
}

function detailsOf(json: string): Readonly<Record<string, unknown>> {
  if (json === '') return {};
  const details = JSON.parse(json) as unknown;
  return typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {};
}

/** @internal Why there is no way to the host of a directory, for whoever has named it. */
export function unreachable(directory: string, cause: unknown): unknown {
  const system = systemCodeOf(cause);
  // A file in the place of a directory is no host either.
  if ((isRuntimeError(cause) && cause.code === 'HOST_NOT_RUNNING') || system === 'ENOTDIR') {
    const text = `no host runs on ${directory}; start one with: troupe run --data ${directory}`;
    return new RuntimeError('HOST_NOT_RUNNING', text, { cause });
  }
  if (system !== 'EACCES') return cause;
  const text = `this user may not enter ${directory}; be the user who runs the host`;
  return new RuntimeError('PERMISSION_DENIED', text, { cause });
}

/** The system's own code, also of an error that stands around it. */
function systemCodeOf(error: unknown): string | undefined {
  const inner = isRuntimeError(error) ? error.cause : error;
  return inner instanceof Error && 'code' in inner ? String(inner.code) : undefined;
}

/** A user without an entry in the system's list has a number all the same. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.geteuid?.() ?? 0}`;
  }
}
