// What the chart of the development loop starts from, remembers, hears, says and comes to.

import type { RuntimeError } from '../errors/index.ts';

/** What a directory was found to be. */
export interface DevProject {
  /** Absolute path of the directory with the manifest. */
  readonly directory: string;
  /** Name of the toolchain that builds it, such as `ts` or `rust`. */
  readonly toolchain: string;
}

/** What a build made. Its bytes are with whoever built it; the digest names them. */
export interface DevArtifact {
  readonly name: string;
  readonly version: string;
  readonly kind: 'bundle' | 'wasm';
  /** SHA-256 of what is uploaded, in 64 hexadecimal digits. */
  readonly digest: string;
  /** What the manifest asks for, sorted. */
  readonly permissions: readonly string[];
}

/** How the permissions of a build differ from those that the host has accepted last. */
export interface DevPermissionChange {
  /** Whether the host has accepted the plugin before. */
  readonly isKnown: boolean;
  /** All that the build asks for. */
  readonly all: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Added ones to which somebody has to consent. */
  readonly sensitive: readonly string[];
}

/** What the host says to an upload. */
export interface DevUploadAnswer {
  readonly name: string;
  readonly version: string;
  readonly action: 'installed' | 'reloaded' | 'unchanged';
  /** What the plugin is granted now. */
  readonly permissions: readonly string[];
  readonly warnings: readonly string[];
}

/** What a round was doing. */
export type DevPhase = 'detecting' | 'building' | 'diffing' | 'uploading' | 'verifying' | 'watching';

/** What the chart starts from. */
export interface DevLoopInput {
  /** Goes on after the first round. Default true. */
  readonly watch?: boolean | undefined;
  /** Builds and does nothing else. Default false. */
  readonly buildOnly?: boolean | undefined;
  /** Consents to every permission. Default false. */
  readonly yes?: boolean | undefined;
  /** Milliseconds that one build may take. Default 600,000. */
  readonly buildTimeoutMs?: number | undefined;
  /** Milliseconds that one request to the host may take. Default 30,000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** What the chart remembers. */
export interface DevLoopContext {
  readonly watch: boolean;
  readonly buildOnly: boolean;
  readonly yes: boolean;
  readonly buildTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Generation of the newest sources, from 1. */
  readonly wanted: number;
  /** Generation that the round works on. */
  readonly current: number;
  /** Rounds that came to an end with the newest sources. */
  readonly rounds: number;
  readonly project: DevProject | undefined;
  readonly artifact: DevArtifact | undefined;
  readonly change: DevPermissionChange | undefined;
  /** What the host has accepted last; undefined before it has accepted anything. */
  readonly accepted: readonly string[] | undefined;
  /** Sensitive permissions that somebody consented to and that the host has not accepted yet. */
  readonly consented: readonly string[];
  readonly answer: DevUploadAnswer | undefined;
  readonly failure: DevFailure | undefined;
}

/** Why the loop ended. */
export interface DevFailure {
  readonly phase: DevPhase;
  readonly code: string;
  readonly message: string;
}

/** Commands to the chart, and what its effects tell it. */
export type DevLoopEvent =
  /** Sources have changed; told once for each burst. */
  | { readonly type: 'change.seen' }
  /** The watcher has a trouble that it survives. */
  | { readonly type: 'watch.troubled'; readonly message: string }
  /** Nothing is watched any more. */
  | { readonly type: 'watch.failed'; readonly reason: unknown }
  | { readonly type: 'stop' };

/** What the chart says. `generation` is that of the sources. */
export type DevLoopFact =
  | { readonly type: 'project.detected'; readonly project: DevProject }
  | { readonly type: 'build.started'; readonly generation: number }
  | { readonly type: 'build.finished'; readonly generation: number; readonly artifact: DevArtifact }
  /** `isFirst`: the host has accepted nothing in this loop yet. */
  | {
      readonly type: 'permissions.compared';
      readonly generation: number;
      readonly isFirst: boolean;
      readonly change: DevPermissionChange;
    }
  | { readonly type: 'consent.asked'; readonly generation: number; readonly permissions: readonly string[] }
  | { readonly type: 'consent.refused'; readonly generation: number }
  | { readonly type: 'upload.started'; readonly generation: number; readonly artifact: DevArtifact }
  | { readonly type: 'upload.accepted'; readonly generation: number; readonly answer: DevUploadAnswer }
  /** The uploaded version takes calls. */
  | { readonly type: 'plugin.serving'; readonly generation: number; readonly answer: DevUploadAnswer }
  | {
      readonly type: 'round.failed';
      readonly generation: number;
      readonly phase: DevPhase;
      readonly error: RuntimeError;
    }
  | { readonly type: 'sources.superseded'; readonly generation: number }
  | { readonly type: 'watch.began' }
  | { readonly type: 'watch.troubled'; readonly message: string };

/** What the chart comes to. */
export interface DevLoopOutcome {
  /** Why it failed; undefined when it is finished, or was stopped. */
  readonly failure: DevFailure | undefined;
}

/** What the first four effects get. */
export interface DevBuildInput {
  readonly project: DevProject;
  readonly generation: number;
}
export interface DevCompareInput {
  readonly artifact: DevArtifact;
  readonly accepted: readonly string[] | undefined;
}
export interface DevUploadInput {
  readonly artifact: DevArtifact;
  readonly generation: number;
  readonly consent: readonly string[];
}
export interface DevVerifyInput {
  readonly artifact: DevArtifact;
  readonly answer: DevUploadAnswer;
}
