// Runs the plugin-process chart against a real placement.
//
// Invariants:
//   E1. Whatever ends this actor, also by force, an instance that was placed is killed and cleaned up.
//   E2. The chart alone decides when calls are admitted: from entering `ready` until leaving it.

import { fromCallback, fromPromise } from 'xstate';
import type { EventObject } from 'xstate';
import { RuntimeError } from '../errors/index.ts';
import { pluginProcessMachine } from '../machines/index.ts';
import type { CleanUpReport, ProcessFailure, RestartVerdict } from '../machines/index.ts';
import type { CrashPort, Environment, PlacedPlugin, Placement, PluginConnection, ProcessExit } from '../ports/index.ts';

/** Where calls to the plugin pass; plain code that the chart opens and closes. */
export interface CallAdmission {
  /** Takes calls from now on. */
  admit(connection: PluginConnection): void;
  /** Takes no further calls; those in flight go on. */
  refuse(): void;
  /** Settles when no call is in flight. */
  drained(signal: AbortSignal): Promise<void>;
}

/** What the actor acts on. */
export interface PluginProcessPorts {
  readonly placement: Placement;
  readonly admission: CallAdmission;
  readonly crashes: CrashPort;
  readonly environment: Pick<Environment, 'random'>;
}

/** The plugin-process chart with its effects; spawn it in an actor system. */
export function createPluginProcessLogic(ports: PluginProcessPorts): typeof pluginProcessMachine {
  const instance = new CurrentInstance();
  const effect = (run: (placed: PlacedPlugin, signal: AbortSignal) => Promise<void>) =>
    fromPromise<void>(({ signal }) => run(instance.get(), signal));
  return pluginProcessMachine.provide({
    actors: {
      spawnProcess: fromPromise<{ pid: number }, { launch: number }>(async ({ input, signal }) => {
        const placed = await ports.placement.place(input.launch);
        if (signal.aborted) discard(placed);
        // E1: the actor can also end before the chart has heard of the instance.
        else signal.addEventListener('abort', () => discard(placed), { once: true });
        instance.set(placed);
        return { pid: placed.pid };
      }),
      watchExit: fromCallback<EventObject, { launch: number }>(({ sendBack }) => watchExit(instance.get(), sendBack)),
      readHandshake: fromPromise<{ version: number }>(({ signal }) => instance.get().handshake(signal)),
      connectPlugin: effect((placed, signal) => placed.connect(signal)),
      probePlugin: effect((placed, signal) => placed.probe(signal)),
      admitCalls: fromCallback(() => {
        ports.admission.admit(instance.get().connection());
        return () => ports.admission.refuse();
      }),
      checkHealth: effect((placed, signal) => placed.checkHealth(signal)),
      drainCalls: effect((_, signal) => ports.admission.drained(signal)),
      requestShutdown: effect((placed, signal) => placed.requestShutdown(signal)),
      terminateProcess: effect(async (placed) => placed.terminate()),
      killProcess: effect(async (placed) => placed.kill()),
      cleanUp: fromPromise<CleanUpReport>(() => instance.take()?.cleanUp() ?? Promise.resolve({ stderrTail: [] })),
      reportCrash: fromPromise<RestartVerdict, CrashInput>(({ input }) => reportCrash(ports, input)),
    },
  });
}

interface CrashInput {
  readonly plugin: string;
  readonly failure: ProcessFailure | undefined;
}

/** The instance that the chart's effects act on. */
class CurrentInstance {
  #placed: PlacedPlugin | undefined;

  get(): PlacedPlugin {
    if (this.#placed === undefined) throw new RuntimeError('INTERNAL', 'no instance of the plugin is placed');
    return this.#placed;
  }

  set(placed: PlacedPlugin): void {
    this.#placed = placed;
  }

  /** Gives the instance away; the effects no longer reach it. */
  take(): PlacedPlugin | undefined {
    const placed = this.#placed;
    this.#placed = undefined;
    return placed;
  }
}

function watchExit(placed: PlacedPlugin, sendBack: (event: EventObject & { exit: ProcessExit }) => void): () => void {
  let ended = false;
  let watching = true;
  void placed.exited.then((exit) => {
    ended = true;
    if (watching) sendBack({ type: 'process.exited', exit });
  });
  return () => {
    watching = false;
    // The chart leaves `alive` without an exit only when the actor is ended by force, or the process resists SIGKILL.
    if (!ended) discard(placed);
  };
}

/** E1. Nobody waits for this any more; failures are the placement's to log. */
function discard(placed: PlacedPlugin): void {
  void Promise.allSettled([(async () => placed.kill())(), placed.exited.then(() => placed.cleanUp())]);
}

async function reportCrash({ crashes, environment }: PluginProcessPorts, input: CrashInput): Promise<RestartVerdict> {
  const { plugin, failure } = input;
  const decision = await crashes.report({
    plugin,
    code: failure?.code ?? 'INTERNAL',
    message: failure?.message ?? 'failed without a reason',
  });
  return { decision, random: environment.random.next() };
}
