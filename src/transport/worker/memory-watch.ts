// Keeps the memory of a worker thread below a limit, by asking for it.
//
// Node.js has limits of its own for the heap of a thread. They do not count buffers, and when V8 reaches one within a
// garbage collection, as it does with most programs that take memory fast, the whole process is aborted. So that limit
// lies well above this one.
//
// Invariants:
//   M1. One question is under way at a time, and none once the watch has ended.

import type { Worker } from 'node:worker_threads';
import type { Clock, TimerHandle } from '../../ports/clock.ts';

/** A thread whose memory is watched. */
export type WatchedThread = Pick<Worker, 'getHeapStatistics'>;

/** Milliseconds from an answer to the next question. A question interrupts the thread for some 20 µs. */
const INTERVAL_MS = 50;
const MEBIBYTE = 1024 * 1024;

/** MiB that V8 itself is told: room for what is taken between two questions. */
export function heapCeilingMb(memoryMb: number): number {
  return memoryMb * 2 + 256;
}

/** Calls back once when the thread has more than `memoryMb` in objects and buffers. Returns what ends the watch. */
export function watchMemory(thread: WatchedThread, clock: Clock, memoryMb: number, onOver: () => void): () => void {
  let timer: TimerHandle | undefined;
  let isOver = false;

  async function look(): Promise<void> {
    try {
      const { used_heap_size: heap, external_memory: buffers } = await thread.getHeapStatistics();
      if (isOver) return;
      if (heap + buffers <= memoryMb * MEBIBYTE) return ask();
      isOver = true;
      onOver();
    } catch {
      // It has ended, or is ending; that is told elsewhere. One that is only starting is asked again.
      if (!isOver) ask();
    }
  }

  function ask(): void {
    timer = clock.setTimeout(() => void look(), INTERVAL_MS, { unref: true });
  }

  ask();
  return () => {
    isOver = true;
    clock.clearTimeout(timer);
  };
}
