// Whether somebody has to consent before a plugin gets what a manifest asks for.
//
// Invariants:
//   N1. A sensitive permission that the plugin did not have is granted only by consent that covers it.
//   N2. Nothing of a version is granted while one of its permissions waits: a plugin with half of its rights is none that
//       its author has tried.
//   N3. What a version does not ask for it is not granted, whatever was consented to.

import { coversPermission, diffPermissions } from './permissions.ts';
import type { IsSensitiveCapability, PermissionDiff } from './permissions.ts';

/** What is known when a version is to be installed, or replaced by another one. */
export interface ConsentQuestion {
  /** What the plugin has been granted so far; empty for a first install. */
  readonly before: readonly string[];
  /** What the version asks for. */
  readonly after: readonly string[];
  /** What was consented to; a permission that covers others is consent to them. */
  readonly consent: readonly string[] | 'all';
  /** Default: every capability is sensitive. */
  readonly isSensitiveCapability?: IsSensitiveCapability | undefined;
}

/** What follows. */
export type ConsentDecision =
  | {
      readonly kind: 'granted';
      readonly diff: PermissionDiff;
      /** All that the version asks for, sorted. */
      readonly permissions: readonly string[];
      /** The sensitive ones that are new, for the audit; sorted. */
      readonly consented: readonly string[];
    }
  | {
      readonly kind: 'waits';
      readonly diff: PermissionDiff;
      /** The sensitive ones that nobody has consented to, sorted. */
      readonly awaiting: readonly string[];
    };

/** Decides about one version. */
export function decideConsent({ before, after, consent, isSensitiveCapability }: ConsentQuestion): ConsentDecision {
  const diff = diffPermissions(before, after, isSensitiveCapability);
  const awaiting = diff.sensitive.filter((one) => consent !== 'all' && !coversPermission(consent, one));
  if (awaiting.length > 0) return { kind: 'waits', diff, awaiting };
  return { kind: 'granted', diff, permissions: [...new Set(after)].sort(), consented: diff.sensitive };
}
