// What happens to the charts of the lifecycle, the audit and the development loop when they are explored.

import { RuntimeError } from '../../../src/errors/index.ts';
import type { LintOptions } from '../../../src/testing/index.ts';
import { EVENTS as AUDIT } from '../../machines/audit-relay.alphabet.ts';
import {
  answer,
  artifact,
  changed,
  EVENTS as DEV,
  INPUTS as DEV_INPUTS,
  PROJECT,
} from '../../machines/dev-loop.alphabet.ts';
import { EVENTS as LOG_TAIL, page } from '../../machines/log-tail.alphabet.ts';
import { EVENTS as LIFECYCLE, lifecycleInput } from '../../machines/plugin-lifecycle.alphabet.ts';
import { EVENTS as REPLACEMENT } from '../../machines/plugin-replacement.alphabet.ts';
import { groupByType } from './group-by-type.ts';

/** What effects of the lifecycle settle with, by the state that runs them. */
const settledIn = (state: string): readonly unknown[] =>
  Object.values(LIFECYCLE)
    .filter(({ type }) => type === `xstate.done.actor.0.plugin-lifecycle.open.${state}`)
    .map((event) => (event as unknown as { readonly output: unknown }).output);

const UPKEEP = { recover: true, clean: true, probe: true };
const isAcquiring = (value: unknown): boolean => (value as { readonly open?: unknown }).open === 'acquiring';

/** Subjects by the name of the chart's file. */
export const LIFECYCLE_SUBJECTS: Readonly<Record<string, LintOptions>> = {
  'audit-relay': {
    inputs: [{ sink: 'file' }],
    events: groupByType(AUDIT),
    outputs: { deliverBatch: [{ more: false }, { more: true }], finish: [{ isCaughtUp: true }] },
    // Failures and random numbers have no end, and no guard asks for them.
    serialize: ({ value, context }) => JSON.stringify([value, context.hasHeard, context.drainMs]),
  },
  'dev-loop': {
    inputs: DEV_INPUTS,
    events: groupByType(DEV),
    outputs: {
      detectProject: [PROJECT],
      buildPlugin: [artifact()],
      comparePermissions: [changed(), changed(['net:*'], ['net:*'])],
      askConsent: [true, false],
      uploadPlugin: [answer()],
    },
    // Generations and rounds have no end; guards ask whether there is a newer one, and whether it is the first.
    serialize: ({ value, context }) => {
      const { watch, buildOnly, yes, wanted, current, rounds, consented, change, failure } = context;
      return JSON.stringify([
        value,
        watch,
        buildOnly,
        yes,
        wanted > current,
        rounds > 0,
        consented,
        change?.sensitive,
        failure?.code,
      ]);
    },
  },
  'log-tail': {
    inputs: [{ plugin: 'kv' }],
    events: groupByType(LOG_TAIL),
    outputs: { readLogs: [page(2), page(0)] },
    errors: { readLogs: [new RuntimeError('UNAVAILABLE', 'no'), new RuntimeError('UNAUTHENTICATED', 'no')] },
    serialize: ({ value, context }) => JSON.stringify([value, context.attempt > 0]),
  },
  'plugin-lease': {
    inputs: [{ policy: { ttlMs: 15_000, renewMs: 5_000, retryMs: 1_000, marginMs: 3_000 }, elapsedMs: 0 }],
    outputs: { renewLease: [{ kind: 'renewed', elapsedMs: 0 }, { kind: 'lost' }] },
  },
  'plugin-lifecycle': {
    inputs: [lifecycleInput(), lifecycleInput({ probeAfterMs: 1_000 })],
    events: groupByType(LIFECYCLE),
    outputs: {
      acquireLease: settledIn('acquiring'),
      reserve: settledIn('owning.reserving'),
      settle: settledIn('owning.settling'),
      countCrash: settledIn('owning.counting'),
      readRow: settledIn('owning.rereading'),
      removePlugin: settledIn('owning.uninstalling'),
      stageVersion: settledIn('owning.updating.staging'),
    },
    limit: 100_000,
    // Numbers of rows and crashes have no end; this is what guards ask for.
    serialize: ({ value, context }) => {
      const { row, request, isRunning, isSwapped, isToStop, ended, crashes, policy, outcome } = context;
      return JSON.stringify([
        value,
        row?.state,
        // Which of them somebody wants is asked for only before the row is known.
        isAcquiring(value) || request === undefined || request.operation in UPKEEP ? request?.operation : 'wanted',
        isRunning,
        isSwapped,
        isToStop,
        ended !== undefined,
        crashes.length > 0,
        row?.state === 'quarantined' && policy.probeAfterMs,
        outcome?.isReplaced,
      ]);
    },
  },
  'plugin-replacement': {
    inputs: [{ plugin: 'kv' }],
    events: groupByType(REPLACEMENT),
    outputs: { verifyNext: [{ operations: [], steps: undefined }] },
  },
};
