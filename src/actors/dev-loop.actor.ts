// Runs the chart of the development loop against real tools.
//
// Invariants:
//   E1. Builds never overlap: one that was given up has ended before the next one begins, since both write to the same
//       directory.
//   E2. What the chart no longer waits for is aborted.

import { fromCallback, fromPromise } from 'xstate';
import type { EventObject } from 'xstate';
import { devLoopMachine } from '../machines/index.ts';
import type {
  DevArtifact,
  DevBuildInput,
  DevCompareInput,
  DevPermissionChange,
  DevProject,
  DevUploadAnswer,
  DevUploadInput,
  DevVerifyInput,
} from '../machines/index.ts';

/** What a watcher tells. */
export interface DevWatchFacts {
  /** Sources have changed; once for each burst. */
  changed(): void;
  /** Something went wrong; the watcher goes on. */
  troubled(message: string): void;
  /** Nothing can be watched. The loop fails. */
  failed(reason: unknown): void;
}

/** What the development loop acts on. Each promise ends soon after its signal aborts. */
export interface DevLoopPorts {
  detect(signal: AbortSignal): Promise<DevProject>;
  build(input: DevBuildInput, signal: AbortSignal): Promise<DevArtifact>;
  compare(input: DevCompareInput, signal: AbortSignal): Promise<DevPermissionChange>;
  /** Whether somebody consents to the permissions. */
  askConsent(permissions: readonly string[], signal: AbortSignal): Promise<boolean>;
  upload(input: DevUploadInput, signal: AbortSignal): Promise<DevUploadAnswer>;
  /** Settles when the uploaded version takes calls. */
  verify(input: DevVerifyInput, signal: AbortSignal): Promise<void>;
  /** Watches until the returned function is called. */
  watch(project: DevProject, facts: DevWatchFacts): () => void;
}

/** The chart of the development loop with its effects; spawn it in an actor system. */
export function createDevLoopLogic(ports: DevLoopPorts): typeof devLoopMachine {
  const inTurn = serial();
  return devLoopMachine.provide({
    actors: {
      detectProject: fromPromise<DevProject>(({ signal }) => ports.detect(signal)),
      watchSources: fromCallback<EventObject, { readonly project: DevProject; readonly watch: boolean }>(
        ({ input: { project, watch }, sendBack }) => {
          if (!watch) return undefined;
          return ports.watch(project, {
            changed: () => sendBack({ type: 'change.seen' }),
            troubled: (message) => sendBack({ type: 'watch.troubled', message }),
            failed: (reason) => sendBack({ type: 'watch.failed', reason }),
          });
        },
      ),
      buildPlugin: fromPromise<DevArtifact, DevBuildInput>(({ input, signal }) =>
        inTurn(signal, () => ports.build(input, signal)),
      ),
      comparePermissions: fromPromise<DevPermissionChange, DevCompareInput>(({ input, signal }) =>
        ports.compare(input, signal),
      ),
      askConsent: fromPromise<boolean, { readonly permissions: readonly string[] }>(({ input, signal }) =>
        ports.askConsent(input.permissions, signal),
      ),
      uploadPlugin: fromPromise<DevUploadAnswer, DevUploadInput>(({ input, signal }) => ports.upload(input, signal)),
      verifyPlugin: fromPromise<void, DevVerifyInput>(({ input, signal }) => ports.verify(input, signal)),
    },
  });
}

/** E1. Runs one thing after the other; what was given up before its turn is not begun. */
function serial(): <T>(signal: AbortSignal, run: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return (signal, run) => {
    const mine = before.then(() => {
      signal.throwIfAborted();
      return run();
    });
    before = mine.catch(() => {});
    return mine;
  };
}
