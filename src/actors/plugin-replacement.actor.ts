// Runs the plugin-replacement chart against two versions of a plugin.
//
// Invariants:
//   E1. The two effects that route do so before they return to the chart: nothing comes between the chart's decision and
//       the switch.

import { fromPromise } from 'xstate';
import { pluginReplacementMachine } from '../machines/index.ts';
import type { VerifyReport } from '../machines/index.ts';

/** What the actor acts on. Each settles early when its signal aborts, or goes on by itself. */
export interface PluginReplacementPorts {
  /** Settles when the new version takes calls. */
  awaitNext(signal: AbortSignal): Promise<void>;
  verifyNext(signal: AbortSignal): Promise<VerifyReport>;
  /** Routes before it returns, or throws and has changed nothing; settles when the events have moved. */
  routeToNext(eventDrainMs: number): Promise<void>;
  /** Settles when no call to the old version is under way. */
  drainStandby(signal: AbortSignal): Promise<void>;
  /** Lets calls end for so long, and ends the old version. */
  retireStandby(drainMs: number): Promise<void>;
  /** Routes back before it returns, or throws and has changed nothing; settles when the events have moved. */
  routeBack(eventDrainMs: number): Promise<void>;
  /** Lets calls end, and ends the new version. */
  endNext(): Promise<void>;
}

/** The plugin-replacement chart with its effects; spawn it in an actor system. */
export function createPluginReplacementLogic(ports: PluginReplacementPorts): typeof pluginReplacementMachine {
  return pluginReplacementMachine.provide({
    actors: {
      awaitNext: fromPromise<void>(({ signal }) => ports.awaitNext(signal)),
      verifyNext: fromPromise<VerifyReport>(({ signal }) => ports.verifyNext(signal)),
      // E1. What an async function does before its first `await`, it has done when it returns.
      routeToNext: fromPromise<void, { readonly eventDrainMs: number }>(async ({ input }) =>
        ports.routeToNext(input.eventDrainMs),
      ),
      drainStandby: fromPromise<void>(({ signal }) => ports.drainStandby(signal)),
      retireStandby: fromPromise<void, { readonly drainMs: number }>(({ input }) => ports.retireStandby(input.drainMs)),
      routeBack: fromPromise<void, { readonly eventDrainMs: number }>(async ({ input }) =>
        ports.routeBack(input.eventDrainMs),
      ),
      endNext: fromPromise<void>(() => ports.endNext()),
    },
  });
}
