// A demo that is interrupted, whichever of its scenes plays.

import { readdirSync } from 'node:fs';
import { childrenOf, isAlive } from '../../transport/process/support.ts';
import { pidsIn, startTroupe, temporaryDirectory } from '../support.ts';

/** How an interrupted demo ended. */
export interface InterruptedDemo {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Processes and temporary files that are there still. */
  readonly left: readonly (number | string)[];
}

/** Plays a demo until it has printed a text, sends it a signal, and waits for its end. */
export async function interruptDemo(
  args: readonly string[],
  moment: string,
  signal: 'SIGINT' | 'SIGTERM',
): Promise<InterruptedDemo> {
  const temporary = temporaryDirectory();
  const demo = startTroupe(['demo', ...args], { env: { TMPDIR: temporary } });
  await demo.printed(moment);
  const children = childrenOf(demo.pid);
  demo.signal(signal);
  const { code, stdout, stderr } = await demo.ended;
  const processes = [...children, ...pidsIn(stdout)].filter(isAlive);
  return { code, stdout, stderr, left: [...processes, ...readdirSync(temporary)] };
}
