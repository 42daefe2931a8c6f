// The unix socket of the admin service, on both sides of it.
//
// Invariants:
//   S1. Only this user gets through: the directory has mode 0700 and the socket 0600, both belong to this user, and both
//       sides look before they use them. The system asks for the right to write a socket before it connects anybody, and
//       Node.js cannot ask who is at the other end; so this is the whole check.
//   S2. A socket that somebody answers on is never taken away.

import { chmod, lstat, stat, unlink } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';

/** Rights of everybody but the owner. */
const OTHERS = 0o077;
/** Milliseconds that somebody who listens has to accept a connection. The system does that, also for a busy process. */
const ANSWER_MS = 2000;

/**
 * Makes the path free for a new socket: what a dead host left is removed.
 *
 * @throws ADMIN_SOCKET_UNSAFE when others can enter the directory, or something else is at the path; HOST_RUNNING when
 *   somebody listens there
 */
export async function freeAdminSocket(path: string, clock: Clock): Promise<void> {
  await requireOwnDirectory(path);
  const stats = await lstat(path).catch(ignoreMissing);
  if (stats === undefined) return;
  if (!stats.isSocket()) throw unsafe(path, 'is no socket');
  requireOwner(path, stats);
  if (await answers(path, clock)) {
    throw new RuntimeError('HOST_RUNNING', `another host listens on ${path}`, { details: { path } });
  }
  await unlink(path).catch(ignoreMissing);
}

/** Closes the socket that was just made to everybody else. */
export async function protectAdminSocket(path: string): Promise<void> {
  await chmod(path, 0o600);
}

/**
 * Checks that it is safe to talk to what listens there.
 *
 * @throws HOST_NOT_RUNNING when nobody listens; ADMIN_SOCKET_UNSAFE when the socket is not this user's alone
 */
export async function requireAdminSocket(path: string, clock: Clock): Promise<void> {
  const stats = await lstat(path).catch(ignoreMissing);
  if (stats === undefined) throw new RuntimeError('HOST_NOT_RUNNING', `no host listens on ${path}`);
  await requireOwnDirectory(path);
  if (!stats.isSocket()) throw unsafe(path, 'is no socket');
  requireOwner(path, stats);
  if ((stats.mode & OTHERS) !== 0) throw unsafe(path, `has mode ${octal(stats)}, and must have 600`);
  if (!(await answers(path, clock))) throw new RuntimeError('HOST_NOT_RUNNING', `no host listens on ${path} any more`);
}

/** Whether somebody accepts connections on the socket. */
async function answers(path: string, clock: Clock): Promise<boolean> {
  const socket = connect({ path });
  try {
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    // No answer in time: a full queue of connections, which only somebody who listens can have.
    await within(clock, ANSWER_MS, connected);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT'));
  } finally {
    socket.destroy();
  }
}

async function requireOwnDirectory(path: string): Promise<void> {
  const directory = dirname(path);
  const stats = await stat(directory).catch(ignoreMissing);
  if (stats === undefined) {
    throw new RuntimeError('ADMIN_SOCKET_UNSAFE', `directory ${directory} does not exist`, { details: { path } });
  }
  requireOwner(directory, stats);
  if ((stats.mode & OTHERS) !== 0) {
    throw unsafe(directory, `has mode ${octal(stats)}, and must have 700: chmod 700 ${directory}`);
  }
}

function requireOwner(path: string, stats: Stats): void {
  const own = process.geteuid?.();
  if (own !== undefined && stats.uid !== own) throw unsafe(path, `belongs to user ${stats.uid}, and this is ${own}`);
}

function unsafe(path: string, problem: string): RuntimeError {
  return new RuntimeError('ADMIN_SOCKET_UNSAFE', `${path} ${problem}`, { details: { path } });
}

function octal({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
  throw RuntimeError.from(error);
}
