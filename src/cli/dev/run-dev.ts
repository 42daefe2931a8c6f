// `troupe plugin dev`: runs the loop in an actor system, with the log tail beside it, and prints what both say.
//
// Invariants:
//   L1. Exit code 0: a signal ended it, or all is done. 1: the first round failed, or nothing can be watched.
//   L2. The tail of the log is an actor of its own: it begins when the plugin serves, and nothing waits for it.
//   L3. No program of a build outlives the command.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createDevLoopLogic, createLogTailLogic, createSystem } from '../../actors/index.ts';
import type { ActorSystem, DevLoopPorts } from '../../actors/index.ts';
import { InvalidOptionsError } from '../../errors/index.ts';
import type { Environment } from '../../ports/index.ts';
import type { StopSignals } from '../stop-signals.ts';
import type { Style } from '../style.ts';
import { createDevPorts } from './dev-ports.ts';
import { factLines, tailLines } from './fact-lines.ts';
import type { FactText } from './fact-lines.ts';
import type { ProcessRunner } from './process-runner.ts';
import type { Language, SelfCommand } from './project/toolchains.ts';
import type { DevHostClient } from './upload/host-client.ts';

/** What the command does. */
export interface RunDevOptions {
  readonly directory: string;
  readonly watch: boolean;
  readonly buildOnly: boolean;
  readonly lang: Language | 'auto';
  readonly logs: boolean;
  readonly yes: boolean;
  /** Default 30,000. */
  readonly requestTimeoutMs?: number;
}

/** What the command does it with. */
export interface RunDevPorts {
  readonly environment: Environment;
  readonly runner: ProcessRunner;
  readonly client: DevHostClient;
  readonly self: SelfCommand;
  readonly stop: Pick<StopSignals, 'requested'>;
  readonly askConsent: DevLoopPorts['askConsent'];
  /** Whether somebody sits there who can be asked. */
  readonly canAsk: boolean;
  readonly paint: Style;
  readonly print: (text: FactText) => void;
}

const FAILED = 1;
/** Milliseconds for what is under way at the end. */
const END_MS = 5000;

/** Runs the loop to its end. Settles with the exit code. Rejects with INVALID_OPTIONS for what is no directory. */
export async function runDev(options: RunDevOptions, ports: RunDevPorts): Promise<number> {
  const { environment, stop, print, paint } = ports;
  const directory = await requireDirectory(options.directory);
  const system = createSystem({ environment });
  const tools = trackedBuilds(
    createDevPorts({
      ...ports,
      directory,
      lang: options.lang,
      clock: environment.clock,
      session: environment.ids.next('dev'),
      onLine: (line) => print({ error: `${paint('faint', line)}\n` }),
    }),
  );
  const { watch, buildOnly, yes, requestTimeoutMs } = options;
  const input = { watch, buildOnly, yes, requestTimeoutMs };
  const loop = system.spawn(createDevLoopLogic(tools.ports), { name: 'dev-loop', input });
  const end = (): void => void loop.tell({ type: 'stop' });
  try {
    if (stop.requested.aborted) end();
    stop.requested.addEventListener('abort', end, { once: true });
    let isTailed = false;
    loop.onFact((fact) => {
      print(factLines(fact, paint, ports.canAsk));
      if (fact.type !== 'plugin.serving' || !options.logs || isTailed) return;
      isTailed = true;
      followLogs(system, fact.answer.name, ports);
    });
    await loop.ended;
    const { failure } = (loop.snapshot().output as { failure?: unknown } | undefined) ?? {};
    return failure === undefined ? 0 : FAILED;
  } finally {
    stop.requested.removeEventListener('abort', end);
    await system.stop({ deadlineMs: END_MS });
    await tools.idle();
  }
}

/** L2. */
function followLogs(system: ActorSystem, plugin: string, { client, print, paint }: RunDevPorts): void {
  const logic = createLogTailLogic({ read: (name, cursor, signal) => client.logs(name, cursor, signal) });
  const tail = system.spawn(logic, { name: 'log-tail', input: { plugin } });
  tail.onFact((fact) => print(tailLines(fact, paint)));
}

/** L3. Knows the build that is under way, also when the loop has given it up. */
function trackedBuilds(ports: DevLoopPorts): { readonly ports: DevLoopPorts; readonly idle: () => Promise<void> } {
  const running = new Set<Promise<unknown>>();
  return {
    ports: {
      ...ports,
      build(input, signal) {
        const build = ports.build(input, signal);
        running.add(build);
        void build.catch(() => {}).then(() => running.delete(build));
        return build;
      },
    },
    idle: async () => void (await Promise.allSettled(running)),
  };
}

async function requireDirectory(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() === true) return resolve(path);
  throw new InvalidOptionsError(
    'dir',
    `must be a directory, and "${path}" is ${stats === undefined ? 'not there' : 'none'}`,
  );
}
