// The seat of a plugin in a worker thread, as the plugin sees it.
//
// Invariants:
//   S1. One plugin takes the seat, once.
//   S2. What was answered before `exit` reaches the host: messages between threads outlive their sender.

import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { RuntimeError } from '../../errors/index.ts';
import type { PluginSeat, SeatedPlugin } from '../../ports/plugin-seat.ts';
import type { Clock } from '../../ports/clock.ts';
import { createRealClock } from '../../ports/real-clock.ts';
import { createRealEnvironment } from '../../ports/real-environment.ts';
import type { LogFields, Logger } from '../../ports/logger.ts';
import { formatLogLine } from '../go-plugin/hclog.ts';
import { FramePort, isPort } from './frame-port.ts';
import { createPortBroker } from './port-broker.ts';
import { PortServer } from './port-server.ts';
import { SEAT_KEY } from './seat-data.ts';
import type { WorkerSeatData } from './seat-data.ts';

/** The seat that the host made with the running thread; undefined in a thread that no host has started. */
export function workerSeat(): PluginSeat | undefined {
  const data = (workerData as { readonly [SEAT_KEY]?: Partial<WorkerSeatData> } | null)?.[SEAT_KEY];
  if (data?.versions === undefined || !isPort(data.port)) return undefined;
  return createWorkerSeat(data.port, data.versions);
}

function createWorkerSeat(port: MessagePort, versions: readonly number[]): PluginSeat {
  const clock = createRealClock();
  const environment = createRealEnvironment({ logger: stderrLog(clock, 'plugin') });
  let plugin: SeatedPlugin | undefined;
  let server: PortServer | undefined;
  const frames: FramePort = new FramePort(port, {
    onFrame: (kind, call, body) => server?.onFrame(kind, call, body),
    onNote: (note) => {
      if ((note as { readonly kind?: unknown }).kind === 'terminate') plugin?.terminate();
      else broker.onNote(note);
    },
    // The host ends the thread; without a host there is no thread.
    onClosed: () => {},
  });
  // Also when the program exits by itself.
  process.once('exit', () => frames.flush());
  const broker = createPortBroker({
    clock,
    maxReceiveBytes: undefined,
    post: (note, transfer) => frames.post(note, transfer),
  });

  return {
    versions,
    broker,
    environment,
    log: (module) => stderrLog(clock, module),
    take(taking) {
      if (plugin !== undefined) throw new RuntimeError('FAILED_PRECONDITION', 'the thread has a plugin already'); // S1
      plugin = taking;
      const { services, version, maxReceiveBytes } = taking;
      server = new PortServer(frames, { services, clock, maxReceiveBytes });
      frames.post({ kind: 'seated', version });
    },
    drain: (deadlineMs) => server?.drain(deadlineMs) ?? Promise.resolve(),
    exit: (code) => process.exit(code),
  };
}

/** As plugin processes log: lines of JSON on the standard error, which in a thread goes to the host. */
function stderrLog(clock: Clock, module: string, base: LogFields = {}): Logger {
  return {
    log(level, message, fields) {
      const entry = { level, message, module, at: clock.now(), fields: { ...base, ...fields } };
      process.stderr.write(formatLogLine(entry));
    },
    child: (fields) => stderrLog(clock, module, { ...base, ...fields }),
  };
}
