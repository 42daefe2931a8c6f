// How a process is made to end together with its host, whatever ends the host.
//
// setpriv   The kernel kills the process when the thread that started it ends (PR_SET_PDEATHSIG). Costs nothing while it
//           runs. Covers the process itself and not what it has started; is lost when the process executes a set-user-ID
//           program; and leaves a gap of about a millisecond between the start and the request, in which the death of the
//           host goes unnoticed.
// reaper    A small process of ours outlives the host and kills the process groups. Covers what the process has started
//           in its group, needs no program of the system, and costs about 40 MB of memory a launcher.
// none      The process stays.
//
// In a worker thread setpriv would kill when that thread ends, and not when the host does: `auto` takes the reaper.

import { spawn } from 'node:child_process';
import { isMainThread } from 'node:worker_threads';
import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { resolveCommand } from './resolve-command.ts';

/** What is asked for. `auto`: `setpriv` on Linux where it works, else `reaper`, and `none` on Windows. */
export type ParentDeathMode = 'auto' | 'setpriv' | 'reaper' | 'none';

/** What is done. */
export type ParentDeathGuard =
  | { readonly kind: 'setpriv'; readonly path: string }
  | { readonly kind: 'reaper' }
  | { readonly kind: 'none' };

/** What the choice depends on. */
export interface ParentDeathFacts {
  readonly platform: NodeJS.Platform;
  readonly isMainThread: boolean;
  /** Path of a setpriv that can set the signal; undefined when there is none. */
  readonly setpriv: string | undefined;
}

const MODES: readonly string[] = ['auto', 'setpriv', 'reaper', 'none'] satisfies ParentDeathMode[];
const PROBE_TIMEOUT_MS = 2000;
// Want of descriptors, processes or memory tells nothing about the program.
const TRANSIENT: readonly unknown[] = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'];

/** Throws `InvalidOptionsError` for anything that is not a mode. */
export function checkParentDeathMode(mode: ParentDeathMode): void {
  if (!MODES.includes(mode)) throw new InvalidOptionsError('parentDeath', `is not one of ${MODES.join(', ')}`);
}

/** Chooses the guard. Throws `UNSUPPORTED_PLATFORM` when what is asked for by name is not there. */
export function chooseParentDeath(mode: ParentDeathMode, facts: ParentDeathFacts): ParentDeathGuard {
  const { platform, setpriv } = facts;
  if (mode === 'none') return { kind: 'none' };
  if (mode === 'setpriv') {
    if (setpriv !== undefined) return { kind: 'setpriv', path: setpriv };
    throw new RuntimeError('UNSUPPORTED_PLATFORM', 'there is no setpriv with --pdeathsig in the PATH of the host');
  }
  if (platform === 'win32') {
    if (mode === 'auto') return { kind: 'none' };
    throw new RuntimeError(
      'UNSUPPORTED_PLATFORM',
      'parent death mode "reaper" needs process groups, which win32 lacks',
    );
  }
  const usable = mode === 'auto' && platform === 'linux' && facts.isMainThread && setpriv !== undefined;
  return usable ? { kind: 'setpriv', path: setpriv } : { kind: 'reaper' };
}

/**
 * Chooses the guard for this host. Looks for setpriv where that matters.
 *
 * Rejects with `UNSUPPORTED_PLATFORM`, see `chooseParentDeath`, and with `SPAWN_FAILED` when the host lacks the means to
 * try setpriv now; that says nothing about a later call.
 */
export async function resolveParentDeath(mode: ParentDeathMode): Promise<ParentDeathGuard> {
  const { platform } = process;
  const matters = platform === 'linux' && (mode === 'setpriv' || (mode === 'auto' && isMainThread));
  return chooseParentDeath(mode, { platform, isMainThread, setpriv: matters ? await findSetpriv() : undefined });
}

async function findSetpriv(): Promise<string | undefined> {
  // The working directory of the host may have been removed.
  const scope = { cwd: '/', path: process.env['PATH'] };
  const path = await resolveCommand('setpriv', scope).catch(() => undefined);
  return path !== undefined && (await canSetSignal(path)) ? path : undefined;
}

/** Being there is not enough: the setpriv of BusyBox, and that of util-linux before 2.33, do not know the option. */
async function canSetSignal(path: string): Promise<boolean> {
  try {
    return (await runProbe(path)) === 0;
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (!TRANSIENT.includes(reason)) return false;
    throw new RuntimeError('SPAWN_FAILED', `"${path}" could not be tried: ${String(reason)}`, { cause });
  }
}

/** Tells the exit code, null after a signal. Rejects with the operating system's error when nothing was started. */
function runProbe(path: string): Promise<number | null> {
  return new Promise((settle, reject) => {
    // Node throws some of the errors, and emits the others.
    const probe = spawn(path, ['--pdeathsig', 'KILL', '--', path, '--version'], {
      cwd: '/',
      stdio: 'ignore',
      timeout: PROBE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    probe.once('error', reject);
    probe.once('exit', settle);
  });
}
