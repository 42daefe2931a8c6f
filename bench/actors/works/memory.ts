import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Work } from './work.ts';

/**
 * Bytes of heap that each of many actors keeps. The process needs --expose-gc.
 *
 * @param make starts so many actors and returns what keeps them alive; the next run begins when they are garbage
 */
export function bytesEach(count: number, make: (count: number) => Promise<object>): Work {
  return {
    async run() {
      const before = await usedBytes();
      let kept: object | undefined = await make(count);
      const after = await usedBytes();
      // Used once more, or the collector would take it before the second look.
      if (Object.keys(kept).length < 0) throw new Error('unreachable');
      kept = undefined;
      return (after - before) / count;
    },
  };
}

async function usedBytes(): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('the process was started without --expose-gc');
  // What is finalised in one collection is freed in the next, and callbacks of the first may run in between.
  for (let round = 0; round < 3; round += 1) {
    collect();
    await nextTurn();
  }
  return process.memoryUsage().heapUsed;
}
