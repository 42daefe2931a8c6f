// The process that ends process groups when their host is gone.
//
// Invariants:
//   R1. The reaper learns of the host's end by the end of its input, which the kernel closes however the host ends. No
//       process that the host starts inherits the other end: Node opens it close-on-exec.
//   R2. A group is listed before its process can outlive the host, and taken off as soon as it is known to be gone, so
//       that a number that was given to somebody else is never on the list.
//   R3. The reaper is in a session of its own and ignores what a terminal sends.
//   R4. While a group is listed a reaper runs: one that was killed is replaced, a few times.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { RuntimeError } from '../../errors/index.ts';

/** The host's end of a reaper process. */
export interface Reaper {
  /** Pid of the reaper process; undefined while none runs. */
  readonly pid: number | undefined;
  /** Makes sure that the process runs. Throws `SPAWN_FAILED`. Called before a start, so that nothing starts unprotected. */
  start(): void;
  /** Lists a process group. */
  add(group: number): void;
  /** Takes a process group off the list. */
  remove(group: number): void;
  /** Ends the process as soon as its list is empty. Idempotent. */
  close(): void;
}

// Kept to what every Node.js runs from `-e`. A group of 1 is refused: kill(-1) means every process of the user.
const SCRIPT = `
const groups = new Set();
let pending = '';
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
function finish() {
  for (const group of groups) { try { process.kill(-group, 'SIGKILL'); } catch {} }
  process.exit(0);
}
process.stdin.setEncoding('latin1');
process.stdin.on('data', (text) => {
  const lines = (pending + text).split('\\n');
  pending = lines.pop();
  for (const line of lines) {
    const group = Number(line.slice(1));
    if (!Number.isInteger(group) || group <= 1) continue;
    if (line[0] === '+') groups.add(group); else groups.delete(group);
  }
});
for (const event of ['end', 'error', 'close']) process.stdin.on(event, finish);
`;

const MAX_REPLACEMENTS = 5;

/** Makes the handle. The process starts with the first `start`. The caller closes it. */
export function createReaper(): Reaper {
  const groups = new Set<number>();
  let child: ChildProcess | undefined;
  let replacements = 0;
  let closed = false;

  function start(): void {
    if (child !== undefined) return;
    if (replacements > MAX_REPLACEMENTS) throw failure(`ended ${replacements} times without being asked to`);
    child = spawnReaper(onExit);
    for (const group of groups) tell(`+${group}`);
  }

  function onExit(): void {
    child = undefined;
    if (closed && groups.size === 0) return;
    replacements += 1;
    if (groups.size === 0) return;
    try {
      start();
    } catch {
      // Nobody waits for this start. The next launch tries again, and reports that it cannot.
    }
  }

  function tell(line: string): void {
    child?.stdin?.write(`${line}\n`);
  }

  function endWhenEmpty(): void {
    if (closed && groups.size === 0) child?.stdin?.end();
  }

  return {
    get pid() {
      return child?.pid;
    },
    start,
    add(group) {
      groups.add(group);
      tell(`+${group}`);
    },
    remove(group) {
      if (groups.delete(group)) tell(`-${group}`);
      endWhenEmpty();
    },
    close() {
      closed = true;
      endWhenEmpty();
    },
  };
}

function spawnReaper(onExit: () => void): ChildProcess {
  const library = process.env['LD_LIBRARY_PATH'];
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, ['-e', SCRIPT], {
      detached: true,
      cwd: '/', // keeps no file system busy
      stdio: ['pipe', 'ignore', 'ignore'],
      // Not the host's environment: NODE_OPTIONS could make it load or listen to anything. `undefined` keeps Node from
      // adding the variable by itself.
      env: { NODE_V8_COVERAGE: undefined, ...(library === undefined ? {} : { LD_LIBRARY_PATH: library }) },
    });
  } catch (cause) {
    throw failure('could not be started', cause);
  }
  child.once('error', () => {}); // follows a start that gave no pid, which is reported below
  if (child.pid === undefined) throw failure('could not be started');
  child.once('exit', onExit);
  child.stdin?.on('error', () => {}); // EPIPE after the reaper's end, which `exit` tells
  child.unref(); // the host does not stay for it; an idle pipe keeps no event loop going either
  return child;
}

function failure(problem: string, cause?: unknown): RuntimeError {
  return new RuntimeError('SPAWN_FAILED', `the reaper process ${problem}`, { cause });
}
