import { readFileSync } from 'node:fs';

/** The pids among these whose processes run. A zombie does not: it only waits to be collected. */
export function aliveOf(pids: Iterable<number>): number[] {
  return [...pids].filter(isAlive);
}

function isAlive(pid: number): boolean {
  if (process.platform === 'linux') {
    const state = stateOf(pid);
    return state !== undefined && state !== 'Z' && state !== 'X';
  }
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is a process of that number, and it is not ours to signal.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The state letter of a process on Linux; undefined when there is none of that number. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in parentheses and may hold any character.
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  } catch {
    // No such process.
    return undefined;
  }
}
