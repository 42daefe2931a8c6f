// Starts plugin processes.
//
// Invariants:
//   N1. Each process leads a session and a process group of its own: a Ctrl+C in the terminal does not reach it, and one
//       signal reaches all it has started.
//   N2. It gets exactly the given environment, /dev/null as input, and two pipes for its output. Nothing that Node opens
//       passes with them. A descriptor without close-on-exec does, though: one that native code opened, and one that the
//       host inherited above the first gap after 15, below which Node sets it at its own start.
//   N3. When the host ends, so does the process (`parent-death.ts` says how far that goes); at no time does a process run
//       that the guard does not know of.
//   N4. A failed start leaves nothing behind and names what was to be started.

import { spawn } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { ProcessLauncher, ProcessSpec } from '../../ports/index.ts';
import { checkParentDeathMode, resolveParentDeath } from './parent-death.ts';
import type { ParentDeathGuard, ParentDeathMode } from './parent-death.ts';
import { createReaper } from './reaper.ts';
import { resolveCommand } from './resolve-command.ts';
import { createRunningProcess } from './running-process.ts';
import type { PipedChild } from './running-process.ts';

/** How processes are started. */
export interface ProcessLauncherOptions {
  /** What ends the processes when the host ends. Default `auto`. */
  readonly parentDeath?: ParentDeathMode;
  /** Whether what a process leaves behind in its group is killed when it exits. Default true. */
  readonly killGroupAfterExit?: boolean;
}

/** A launcher and what it keeps running for its processes. */
export interface ClosableProcessLauncher extends ProcessLauncher {
  /** Refuses further launches. The reaper, if one runs, ends with the last process: none stays unprotected. Idempotent. */
  close(): void;
}

/**
 * Makes a launcher on `node:child_process`. The caller closes it.
 *
 * `launch` rejects with `COMMAND_NOT_FOUND`, `COMMAND_NOT_EXECUTABLE`, `SPAWN_FAILED`, `UNSUPPORTED_PLATFORM` when the
 * parent death mode is not available here, or `HOST_STOPPED` after `close`. Throws `InvalidOptionsError`.
 */
export function createProcessLauncher(options: ProcessLauncherOptions = {}): ClosableProcessLauncher {
  const { parentDeath = 'auto', killGroupAfterExit = true } = options;
  checkParentDeathMode(parentDeath);
  const reaper = createReaper();
  let guard: Promise<ParentDeathGuard> | undefined;
  let closed = false;

  function chooseGuard(): Promise<ParentDeathGuard> {
    // What failed now, for want of descriptors perhaps, may work next time.
    guard ??= resolveParentDeath(parentDeath).catch((error: unknown) => {
      guard = undefined;
      throw error;
    });
    return guard;
  }

  return {
    async launch(spec) {
      const cwd = directoryOf(spec);
      // All at once; of several problems the first in this order is told.
      const looked = [checkDirectory(spec, cwd), resolveFile(spec, cwd), chooseGuard()] as const;
      await Promise.allSettled(looked);
      const [, file, chosen] = await Promise.all(looked);
      if (closed)
        throw new RuntimeError('HOST_STOPPED', `the launcher was closed before "${spec.command}" was started`);
      if (chosen.kind === 'reaper') reaper.start();
      // Nothing waits between the start and `add` (N3).
      const child = spawnChild(spec, file, cwd, chosen);
      if (child.pid === undefined) throw startFailure(spec, await errorOf(child), chosen);
      const { pid } = child;
      if (chosen.kind === 'reaper') reaper.add(pid);
      return createRunningProcess(child, pid, { killGroupAfterExit, onDone: () => reaper.remove(pid) });
    },
    close() {
      closed = true;
      reaper.close();
    },
  };
}

function spawnChild(spec: ProcessSpec, file: string, cwd: string, guard: ParentDeathGuard): PipedChild {
  // setpriv replaces itself by the command, so that the pid is the command's.
  const [program, args] =
    guard.kind === 'setpriv' ? [guard.path, ['--pdeathsig', 'KILL', '--', file, ...spec.args]] : [file, [...spec.args]];
  try {
    return spawn(program, args, {
      cwd,
      // Node passes its own NODE_V8_COVERAGE on unless the key is there.
      env: { NODE_V8_COVERAGE: undefined, ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32', // on Windows it would open a console window
      windowsHide: true,
    });
  } catch (error) {
    throw startFailure(spec, error, guard);
  }
}

/** The reason why a child has no pid; Node emits it in the next tick. */
function errorOf(child: PipedChild): Promise<Error> {
  return new Promise((settle) => {
    child.once('error', settle);
  });
}

function startFailure({ command }: ProcessSpec, cause: unknown, guard: ParentDeathGuard): RuntimeError {
  const reason = reasonOf(cause);
  // The file was there a moment ago; with setpriv in between the reason may be setpriv's.
  const code = (guard.kind === 'setpriv' ? undefined : REASONS[reason]) ?? 'SPAWN_FAILED';
  return new RuntimeError(code, `command "${command}" could not be started: ${reason}`, {
    cause,
    details: { command, reason },
  });
}

const REASONS: Readonly<Record<string, Code>> = { ENOENT: 'COMMAND_NOT_FOUND', EACCES: 'COMMAND_NOT_EXECUTABLE' };

function resolveFile({ command, env }: ProcessSpec, cwd: string): Promise<string> {
  // Windows has rules of its own for what a name may mean; its loader applies them.
  if (process.platform === 'win32') return Promise.resolve(command);
  return resolveCommand(command, { cwd, path: env['PATH'] });
}

/** Throws when it is the one of the host, and that was removed. */
function directoryOf(spec: ProcessSpec): string {
  try {
    return resolve(spec.cwd ?? '.');
  } catch (error) {
    throw directoryFailure(spec, `cannot be entered (${reasonOf(error)})`);
  }
}

/** Checked, because the operating system reports a missing directory as if the command were missing. */
async function checkDirectory(spec: ProcessSpec, directory: string): Promise<void> {
  let problem = 'is not a directory';
  try {
    if ((await stat(directory)).isDirectory()) return await access(directory, constants.X_OK);
  } catch (error) {
    problem = `cannot be entered (${reasonOf(error)})`;
  }
  throw directoryFailure(spec, problem);
}

function directoryFailure({ command, cwd }: ProcessSpec, problem: string): RuntimeError {
  const named = cwd === undefined ? 'the working directory of the host' : `working directory "${cwd}"`;
  return new RuntimeError('SPAWN_FAILED', `${named} for command "${command}" ${problem}`, {
    details: { command, cwd },
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
