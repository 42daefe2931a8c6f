import type { EventObject } from 'xstate';
import type {
  DevArtifact,
  DevLoopInput,
  DevPermissionChange,
  DevProject,
  DevUploadAnswer,
} from '../../src/machines/index.ts';

export const PROJECT: DevProject = { directory: '/kv', toolchain: 'ts' };

/** What a build makes whose manifest asks for the permissions. */
export function artifact(permissions: readonly string[] = []): DevArtifact {
  return { name: 'kv', version: '1.0.0', kind: 'bundle', digest: 'a'.repeat(64), permissions };
}

/** A change of permissions in which all that is sensitive was added. */
export function changed(all: readonly string[] = [], sensitive: readonly string[] = []): DevPermissionChange {
  return { isKnown: true, all, added: sensitive, removed: [], sensitive };
}

/** What a host says that grants the permissions. */
export function answer(permissions: readonly string[] = []): DevUploadAnswer {
  return { name: 'kv', version: '1.0.0', action: 'reloaded', permissions, warnings: [] };
}

/** What people and the watcher do. */
export const COMMANDS = {
  change: { type: 'change.seen' },
  trouble: { type: 'watch.troubled', message: 'a directory is gone' } as EventObject,
  'watch lost': { type: 'watch.failed', reason: new Error('no watches are left') } as EventObject,
  stop: { type: 'stop' },
} as const satisfies Record<string, EventObject>;

/** What the effects do. */
export const OUTSIDE = {
  detected: { type: 'xstate.done.actor.0.dev-loop.detecting', output: PROJECT } as EventObject,
  'detection failed': failed('detecting'),
  built: done('building', artifact()),
  'build failed': failed('looping.building'),
  'build late': { type: 'xstate.after.buildTimeout.dev-loop.looping.building' },
  'compared, nothing sensitive': done('diffing', changed()),
  'compared, net added': done('diffing', changed(['net:*'], ['net:*'])),
  'comparison failed': failed('looping.diffing'),
  'comparison late': { type: 'xstate.after.requestTimeout.dev-loop.looping.diffing' },
  consented: done('awaitingConsent', true),
  refused: done('awaitingConsent', false),
  'asking failed': failed('looping.awaitingConsent'),
  uploaded: done('uploading', answer()),
  'upload failed': failed('looping.uploading'),
  'upload late': { type: 'xstate.after.requestTimeout.dev-loop.looping.uploading' },
  verified: done('verifying', undefined),
  'verification failed': failed('looping.verifying'),
  'verification late': { type: 'xstate.after.requestTimeout.dev-loop.looping.verifying' },
  'watching failed': failed('looping'),
} as const satisfies Record<string, EventObject>;

/** Everything that can happen, and something that means nothing. */
export const EVENTS = { ...COMMANDS, ...OUTSIDE, noise: { type: 'noise' } } as const;

/** The short name of an event. */
export type EventName = keyof typeof EVENTS;

/** All short names. */
export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** Inputs that lead to different loops. */
export const INPUTS: readonly DevLoopInput[] = [{}, { watch: false }, { buildOnly: true }, { yes: true }];

// Helpers

function done(state: string, output: unknown): EventObject {
  return { type: `xstate.done.actor.0.dev-loop.looping.${state}`, output } as EventObject;
}

function failed(state: string): EventObject {
  return { type: `xstate.error.actor.0.dev-loop.${state}`, error: new Error('no') } as EventObject;
}
