// Runs instances of a plugin in worker threads of this process.
//
// Invariants:
//   W1. Each instance has a thread of its own, with a heap, an event loop and an environment of its own.
//   W2. A thread can be ended at any time, also in an endless loop, and takes nothing of the host along. The exceptions
//       are those of Node.js: native code that crashes, memory that is taken faster than it can be looked at, and a hot
//       loop of nothing but built-in functions, in which V8 looks for no interrupt; that one is told as KILL_TIMED_OUT.
//   W3. When `cleanUp` has settled no thread, port, stream, timer or listener of the instance is left.

import { MessageChannel, Worker } from 'node:worker_threads';
import type { Environment } from '../../ports/environment.ts';
import type { Placement } from '../../ports/placement.ts';
import { createProcessStart } from '../go-plugin/process-start.ts';
import { requireModule } from '../in-process/in-process-placement.ts';
import type { SeatModule, SeatOptions } from '../in-process/seat-options.ts';
import { heapCeilingMb } from './memory-watch.ts';
import { createPlacedWorker } from './placed-worker.ts';
import { SEAT_KEY, SEAT_VARIABLE } from './seat-data.ts';
import type { WorkerSeatData } from './seat-data.ts';

/** How a plugin is run in a thread. Everything is resolved; defaults are the host's. */
export interface WorkerPlacementOptions extends SeatOptions {
  readonly module: SeatModule;
  /** Behind the path of the module in `process.argv`. */
  readonly args: readonly string[];
  /** The whole environment of the thread. */
  readonly env: Readonly<Record<string, string>>;
  /** Options of Node.js for the thread; undefined for those of this process. */
  readonly nodeArgs: readonly string[] | undefined;
  /** Most memory for the objects of the plugin, in MiB. */
  readonly memoryMb: number;
}

/** MiB of the stack of a thread: what Node.js itself gives. */
const STACK_MB = 4;

/** Creates a placement that starts one thread per instance. It holds no instance. Throws `InvalidOptionsError`. */
export function createWorkerPlacement(options: WorkerPlacementOptions, environment: Environment): Placement {
  const { path, pin } = options.module;
  const nextStart = createProcessStart({ command: path, args: options.args, cwd: undefined, pin });
  return {
    async place() {
      const { command, args } = await nextStart();
      await requireModule(command);
      const { port1, port2 } = new MessageChannel();
      const data: WorkerSeatData = { port: port2, versions: options.versions };
      try {
        const worker = new Worker(command, {
          name: options.plugin,
          argv: [...args],
          env: { ...options.env, [SEAT_VARIABLE]: 'worker' },
          ...(options.nodeArgs === undefined ? {} : { execArgv: [...options.nodeArgs] }),
          workerData: { [SEAT_KEY]: data },
          transferList: [port2],
          stdout: true,
          stderr: true,
          resourceLimits: { maxOldGenerationSizeMb: heapCeilingMb(options.memoryMb), stackSizeMb: STACK_MB },
        });
        return createPlacedWorker({ options, environment, worker, port: port1 });
      } catch (error) {
        port1.close();
        throw error;
      }
    },
  };
}
