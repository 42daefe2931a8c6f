// A started process and its group.
//
// Invariants:
//   P1. No signal goes to a number that may belong to somebody else. The kernel gives no pid away while a process, or a
//       process group, has it. The process itself is signalled only until Node has collected its exit status. The group
//       is signalled until then, and in the very callback that tells the exit, when its number has been free, if at all,
//       for microseconds. What is left of the group then keeps the number taken.
//   P2. What a process leaves behind in its group is killed at its exit, before anybody hears of the exit.
//   P3. `exited` follows the exit and not the end of the pipes, which a descendant may hold for ever.

import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { ProcessExit, RunningProcess } from '../../ports/index.ts';

/** A child with pipes for its output and nothing for its input. */
export type PipedChild = ChildProcessByStdio<null, Readable, Readable>;

/** How a started process is looked after. */
export interface RunningProcessOptions {
  /**
   * See P2. When false, `signalGroup` works once more after the exit, until `release`, if anybody was left at the exit;
   * the owner uses it at once, since whoever was left may end as well and set the number free.
   */
  readonly killGroupAfterExit: boolean;
  /** Called once, when no signal can follow. */
  readonly onDone: () => void;
}

const HAS_GROUPS = process.platform !== 'win32';

/** Wraps a child that leads its own process group. `signal` and `signalGroup` are false when they reached nobody. */
export function createRunningProcess(child: PipedChild, pid: number, options: RunningProcessOptions): RunningProcess {
  let stage: 'running' | 'groupLeft' | 'done' = 'running';
  let released = false;

  function finish(): void {
    if (stage !== 'done') options.onDone();
    stage = 'done';
  }

  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      if (options.killGroupAfterExit) send(-pid, 'SIGKILL');
      else if (!released && send(-pid, 0)) stage = 'groupLeft';
      if (stage === 'running') finish();
      resolve({ code, signal });
    });
  });
  // Without listeners a failing pipe would end the host; whoever reads hears of it as the end of the output.
  child.stdout.on('error', () => {});
  child.stderr.on('error', () => {});

  return {
    pid,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    signal: (signal) => stage === 'running' && send(pid, signal),
    signalGroup(signal) {
      if (stage === 'running') return HAS_GROUPS ? send(-pid, signal) : send(pid, signal);
      if (stage === 'done') return false;
      finish();
      return send(-pid, signal);
    },
    release() {
      if (released) return;
      released = true;
      // Destroying tells the readers of the pipes; their listeners are theirs to remove.
      child.stdout.destroy();
      child.stderr.destroy();
      // The exit of a process that still runs is noticed, but nobody stays for it.
      child.unref();
      if (stage === 'groupLeft') finish();
    },
  };
}

/** ESRCH: nobody is there. EPERM: somebody is who is not ours to signal. Both reach nobody. */
function send(target: number, signal: NodeJS.Signals | 0): boolean {
  if (target < 0 && !HAS_GROUPS) return false;
  try {
    return process.kill(target, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')) return false;
    throw error;
  }
}
