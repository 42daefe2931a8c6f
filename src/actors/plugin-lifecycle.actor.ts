// Runs the plugin-lifecycle chart against a store and a host.
//
// Invariants:
//   E1. Each effect ends with the state that asked for it: its signal aborts, and what it still returns changes nothing.

import { fromPromise } from 'xstate';
import { pluginLeaseMachine, pluginLifecycleMachine } from '../machines/index.ts';
import type {
  CountCrashInput,
  LeaseClaim,
  LifecycleWorkInput,
  RemovalReport,
  RenewalReport,
  SettleInput,
  StageReport,
  VerifyInput,
  WriteReport,
} from '../machines/index.ts';

/** What an effect of the chart is done with. */
type Effect<Output = void, Input = LifecycleWorkInput> = (input: Input, signal: AbortSignal) => Promise<Output>;

/** What the actor acts on. */
export interface PluginLifecyclePorts {
  /** Asks for the lease, and reads the row under it. */
  readonly acquire: (signal: AbortSignal) => Promise<LeaseClaim>;
  readonly renew: () => Promise<RenewalReport>;
  /** Lets go of the lease, when it is held. */
  readonly release: () => Promise<void>;
  readonly read: () => Promise<WriteReport>;
  /** Checks what has to be checked, and makes the first commit of the operation. */
  readonly reserve: Effect<WriteReport>;
  /** Makes the last one. */
  readonly settle: Effect<WriteReport, SettleInput>;
  readonly countCrash: Effect<WriteReport, CountCrashInput>;
  readonly install: Effect;
  /** Starts an instance. One that is there only when the signal has aborted is ended. */
  readonly load: Effect;
  /** Drains and ends the instance. Does nothing when there is none. */
  readonly unload: Effect;
  /** Ends the instance by force, and that of another version beside it. */
  readonly kill: Effect;
  /** The same, for a lease that is lost: nothing is written under it any more. */
  readonly abandon: Effect;
  readonly remove: Effect<RemovalReport>;
  readonly stage: Effect<StageReport>;
  readonly verify: Effect<void, VerifyInput>;
  readonly swap: Effect;
  readonly drain: Effect;
  readonly keep: Effect;
  readonly revert: Effect<void, LifecycleWorkInput & { readonly isSwapped: boolean }>;
}

/** The plugin-lifecycle chart with its effects; spawn it in an actor system. */
export function createPluginLifecycleLogic(ports: PluginLifecyclePorts): typeof pluginLifecycleMachine {
  return pluginLifecycleMachine.provide({
    actors: {
      acquireLease: fromPromise<LeaseClaim, undefined>(({ signal }) => ports.acquire(signal)),
      keepLease: pluginLeaseMachine.provide({
        actors: { renewLease: fromPromise<RenewalReport>(() => ports.renew()) },
      }),
      releaseLease: fromPromise<void, undefined>(() => ports.release()),
      readRow: fromPromise<WriteReport, undefined>(() => ports.read()),
      reserve: effect(ports.reserve),
      settle: effect(ports.settle),
      countCrash: effect(ports.countCrash),
      installPlugin: effect(ports.install),
      loadPlugin: effect(ports.load),
      unloadPlugin: effect(ports.unload),
      killPlugin: effect(ports.kill),
      abandonPlugin: effect(ports.abandon),
      removePlugin: effect(ports.remove),
      stageVersion: effect(ports.stage),
      verifyVersion: effect(ports.verify),
      swapVersion: effect(ports.swap),
      drainVersion: effect(ports.drain),
      keepVersion: effect(ports.keep),
      revertVersion: effect(ports.revert),
    },
  });
}

function effect<Output, Input>(run: Effect<Output, Input>): ReturnType<typeof fromPromise<Output, Input>> {
  return fromPromise<Output, Input>(({ input, signal }) => run(input, signal));
}
