// The loop from an edit to a running plugin: build, show what privileges change, upload, wait for the next edit.
//
// Invariants:
//   D1. Only a build of the newest sources is compared, consented to or uploaded: a change takes every state before
//       `uploading` back to `building`, which gives up what was being done.
//   D2. A change during an upload starts no second one; it is built when the first has been answered.
//   D3. Permissions are compared with what the host has accepted. What it refused, or never answered, changes nothing.
//   D4. An added sensitive permission is not uploaded before somebody consented to it, and a consent ends when the
//       sources no longer ask for the permission.
//   D5. The first round that ends with the newest sources decides: when it failed, so did the loop. Later ones are told.
//   D6. A stop ends the loop from every state.

import {
  answerOf,
  artifactOf,
  consentOf,
  devLoopSetup,
  lateAnswerOf,
  lateBuild,
  missingConsent,
  projectOf,
  refusedConsent,
} from './dev-loop.setup.ts';

/** Statechart of the development loop; `actors/dev-loop.actor.ts` gives it its effects. */
export const devLoopMachine = devLoopSetup.createMachine({
  id: 'dev-loop',
  description: 'The loop from an edit to a running plugin.',
  context: ({ input }) => ({
    // Without an upload there is nothing to keep up to date.
    watch: (input.watch ?? true) && input.buildOnly !== true,
    buildOnly: input.buildOnly ?? false,
    yes: input.yes ?? false,
    buildTimeoutMs: input.buildTimeoutMs ?? 600_000,
    requestTimeoutMs: input.requestTimeoutMs ?? 30_000,
    wanted: 1,
    current: 1,
    rounds: 0,
    project: undefined,
    artifact: undefined,
    change: undefined,
    accepted: undefined,
    consented: [],
    answer: undefined,
    failure: undefined,
  }),
  output: ({ context }) => ({ failure: context.failure }),
  initial: 'detecting',
  states: {
    detecting: {
      description: 'Looks what the directory holds.',
      tags: ['busy'],
      invoke: {
        src: 'detectProject',
        onDone: {
          target: 'looping',
          actions: [
            { type: 'rememberProject', params: ({ event }) => ({ project: event.output }) },
            { type: 'reportProject', params: ({ event }) => ({ project: event.output }) },
          ],
        },
        onError: {
          target: 'failed',
          actions: { type: 'fail', params: ({ event }) => ({ phase: 'detecting' as const, reason: event.error }) },
        },
      },
      on: { stop: 'stopped' },
    },
    looping: {
      description: 'The sources are watched, from before the first build.',
      invoke: {
        src: 'watchSources',
        input: ({ context }) => ({ project: projectOf(context), watch: context.watch }),
        onError: {
          target: 'failed',
          actions: { type: 'fail', params: ({ event }) => ({ phase: 'watching' as const, reason: event.error }) },
        },
      },
      on: {
        stop: 'stopped',
        'watch.failed': {
          target: 'failed',
          actions: { type: 'fail', params: ({ event }) => ({ phase: 'watching' as const, reason: event.reason }) },
        },
        'watch.troubled': { actions: { type: 'reportTrouble', params: ({ event }) => event } },
        // D1; `uploading`, `verifying` and `watching` have their own way.
        'change.seen': { target: '.building', actions: ['reportSuperseded', 'countChange'] },
      },
      initial: 'building',
      states: {
        building: {
          description: 'The newest sources are built. A change begins anew.',
          tags: ['busy'],
          entry: ['takeNewest', 'reportBuilding'],
          invoke: {
            src: 'buildPlugin',
            input: ({ context }) => ({ project: projectOf(context), generation: context.current }),
            onDone: [
              {
                guard: 'isBuildOnly',
                target: 'settling',
                actions: { type: 'reportBuilt', params: ({ event }) => ({ artifact: event.output }) },
              },
              {
                target: 'diffing',
                actions: [
                  { type: 'rememberArtifact', params: ({ event }) => ({ artifact: event.output }) },
                  { type: 'reportBuilt', params: ({ event }) => ({ artifact: event.output }) },
                ],
              },
            ],
            onError: {
              target: 'judging',
              actions: { type: 'fail', params: ({ event }) => ({ phase: 'building' as const, reason: event.error }) },
            },
          },
          after: {
            buildTimeout: {
              target: 'judging',
              actions: { type: 'fail', params: ({ context }) => lateBuild(context) },
            },
          },
        },
        diffing: {
          description: 'What privileges change, compared with what the host has accepted.',
          tags: ['busy'],
          invoke: {
            src: 'comparePermissions',
            input: ({ context }) => ({ artifact: artifactOf(context), accepted: context.accepted }),
            onDone: [
              {
                guard: { type: 'isConsentMissing', params: ({ event }) => ({ change: event.output }) },
                target: 'awaitingConsent',
                actions: [
                  { type: 'rememberChange', params: ({ event }) => ({ change: event.output }) },
                  { type: 'reportChange', params: ({ event }) => ({ change: event.output }) },
                ],
              },
              {
                target: 'uploading',
                actions: [
                  { type: 'rememberChange', params: ({ event }) => ({ change: event.output }) },
                  { type: 'reportChange', params: ({ event }) => ({ change: event.output }) },
                ],
              },
            ],
            onError: {
              target: 'judging',
              actions: { type: 'fail', params: ({ event }) => ({ phase: 'diffing' as const, reason: event.error }) },
            },
          },
          after: {
            requestTimeout: {
              target: 'judging',
              actions: { type: 'fail', params: ({ context }) => lateAnswerOf(context, 'diffing') },
            },
          },
        },
        awaitingConsent: {
          description: 'A sensitive permission was added; somebody has to consent, or take it out again.',
          tags: ['waiting'],
          entry: 'reportAsking',
          invoke: {
            src: 'askConsent',
            input: ({ context }) => ({ permissions: missingConsent(context, context.change) }),
            onDone: [
              {
                guard: { type: 'isConsented', params: ({ event }) => ({ consents: event.output }) },
                target: 'uploading',
                actions: 'rememberConsent',
              },
              { guard: 'isWatching', target: 'watching', actions: ['reportRefusal', 'countRound'] },
              {
                target: 'judging',
                actions: { type: 'fail', params: ({ context }) => refusedConsent(context) },
              },
            ],
            onError: {
              target: 'judging',
              actions: { type: 'fail', params: ({ event }) => ({ phase: 'diffing' as const, reason: event.error }) },
            },
          },
        },
        uploading: {
          description: 'The host takes the build in. Its work goes on when nobody waits for it any more.',
          tags: ['busy'],
          entry: 'reportUploading',
          invoke: {
            src: 'uploadPlugin',
            input: ({ context }) => ({
              artifact: artifactOf(context),
              generation: context.current,
              consent: consentOf(context),
            }),
            onDone: {
              target: 'verifying',
              actions: [
                { type: 'rememberAnswer', params: ({ event }) => ({ answer: event.output }) },
                { type: 'reportAnswer', params: ({ event }) => ({ answer: event.output }) },
              ],
            },
            onError: {
              target: 'judging',
              actions: { type: 'fail', params: ({ event }) => ({ phase: 'uploading' as const, reason: event.error }) },
            },
          },
          // D2.
          on: { 'change.seen': { actions: 'countChange' } },
          after: {
            requestTimeout: {
              target: 'judging',
              actions: { type: 'fail', params: ({ context }) => lateAnswerOf(context, 'uploading') },
            },
          },
        },
        verifying: {
          description: 'Waits until what was uploaded takes calls.',
          tags: ['busy'],
          invoke: {
            src: 'verifyPlugin',
            input: ({ context }) => ({ artifact: artifactOf(context), answer: answerOf(context) }),
            onDone: { target: 'settling', actions: 'reportServing' },
            onError: {
              target: 'judging',
              actions: { type: 'fail', params: ({ event }) => ({ phase: 'verifying' as const, reason: event.error }) },
            },
          },
          on: { 'change.seen': { actions: 'countChange' } },
          after: {
            requestTimeout: {
              target: 'judging',
              actions: { type: 'fail', params: ({ context }) => lateAnswerOf(context, 'verifying') },
            },
          },
        },
        settling: {
          description: 'A round went well.',
          always: [
            { guard: 'isSuperseded', target: 'building' },
            { guard: 'isWatching', target: 'watching', actions: 'countRound' },
            { target: '#dev-loop.finished', actions: 'countRound' },
          ],
        },
        judging: {
          description: 'A round failed.',
          always: [
            { guard: 'isSuperseded', target: 'building' },
            // D5.
            { guard: 'isFirstRound', target: '#dev-loop.failed' },
            // There is another round only for a loop that watches.
            { target: 'watching', actions: ['forgetFailure', 'countRound'] },
          ],
        },
        watching: {
          description: 'The host has the newest sources, or it is told why not. Waits for the next edit.',
          tags: ['waiting'],
          entry: 'reportWatching',
          on: { 'change.seen': { target: 'building', actions: 'countChange' } },
        },
      },
    },
    finished: { description: 'All is done, and nothing is watched.', type: 'final', tags: ['terminal'] },
    failed: { description: 'The first round failed, or nothing can be watched.', type: 'final', tags: ['terminal'] },
    stopped: { description: 'Somebody ended the loop.', type: 'final', tags: ['terminal'] },
  },
});
