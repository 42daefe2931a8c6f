// The way of events to one plugin process: the best form that the plugin knows, and what is done when it fails.
//
// Invariants:
//   S1. While a stream is open no single call is made, and while single calls are made no stream is open.
//   S2. A form that the plugin answered with UNIMPLEMENTED before it handled anything is never tried again. When no form
//       is left, the chart has failed with EVENTS_UNSUPPORTED.
//   S3. The last of so many send time-outs in a row ends a stream; anything that moves makes it the first again.
//   S4. An acknowledged stream that was cut after it had moved something is opened again at once, and goes on from there.
//       Every other end of a stream has what is left sent by single calls, and then waits before the next stream.
//   S5. `attempt` goes back to 0 only when an event of a new stream was handled, or one of single calls where there is
//       no other form.
//   S6. What is reported about an older stream than the newest one changes nothing.
//   S7. A stop reaches the end within the time to drain and the time to close, and the loss of the process at once.

import { eventStreamSetup, lateAnswer, outcomeOf, stuck, unsupported } from './event-stream.setup.ts';

/** Statechart of the events to one plugin process; `actors/event-stream.actor.ts` gives it its data plane. */
export const eventStreamMachine = eventStreamSetup.createMachine({
  id: 'event-stream',
  description: 'The way of the events of one subscription to one process of a plugin.',
  context: ({ input }) => ({
    subscriber: input.subscriber,
    policy: input.policy,
    forms: input.forms,
    generation: 0,
    wasOpen: false,
    attempt: 0,
    timeouts: 0,
    random: 0,
    drainMs: 0,
    isLost: false,
    failure: undefined,
  }),
  output: ({ context }) => outcomeOf(context),
  initial: 'idle',
  states: {
    idle: {
      on: {
        'stream.start': 'live',
        'stream.stop': 'closed',
        'process.lost': { target: 'closed', actions: 'rememberLoss' },
      },
    },
    live: {
      description: 'The data plane runs. Leaving this state gives back what it holds.',
      invoke: {
        src: 'carryEvents',
        onError: {
          target: 'failed',
          actions: {
            type: 'blame',
            params: ({ context }) => ({
              code: 'INTERNAL',
              message: `the deliverer of "${context.subscriber}" failed`,
            }),
          },
        },
      },
      on: {
        'process.lost': { target: 'closed', actions: 'rememberLoss' },
        'stream.stop': {
          target: '.closing',
          actions: { type: 'rememberDrain', params: ({ event }) => event },
        },
      },
      initial: 'choosing',
      states: {
        choosing: {
          description: 'The best form that is left.',
          always: [
            { guard: 'isFirstAcked', target: 'streaming.probing' },
            { guard: 'isFurtherAcked', target: 'streaming.resuming' },
            { guard: 'isStream', target: 'streaming.probing' },
            { guard: 'isUnary', target: 'unary' },
            {
              target: '#event-stream.failed',
              actions: { type: 'blame', params: ({ context }) => unsupported(context) },
            },
          ],
        },
        streaming: {
          description: 'A stream is open, or being opened.',
          entry: ['countStream', 'openStream'],
          on: {
            'plane.proved': {
              guard: { type: 'isNewest', params: ({ event }) => event },
              actions: 'forgetAttempts',
            },
            'plane.cut': [
              {
                guard: { type: 'isRefusal', params: ({ event }) => event },
                target: 'choosing',
                actions: [
                  { type: 'reportUnsupported', params: ({ context }) => ({ form: context.forms[0] }) },
                  'forgetForm',
                ],
              },
              {
                guard: { type: 'isResumable', params: ({ event }) => event },
                target: 'choosing',
                actions: { type: 'reportCut', params: ({ event }) => event },
              },
              {
                guard: { type: 'isCutWithUnary', params: ({ event }) => event },
                target: 'fallingBack',
                actions: [
                  { type: 'reportCut', params: ({ event }) => event },
                  { type: 'rememberRandom', params: ({ event }) => event },
                ],
              },
              {
                guard: { type: 'isNewest', params: ({ event }) => event },
                target: 'backingOff',
                actions: [
                  { type: 'reportCut', params: ({ event }) => event },
                  { type: 'rememberRandom', params: ({ event }) => event },
                  'countAttempt',
                ],
              },
            ],
          },
          initial: 'probing',
          states: {
            probing: {
              description: 'The plugin may not know this form.',
              after: {
                probeTimeout: [
                  {
                    guard: 'isStream',
                    target: 'stream',
                    actions: ['reportOpened', { type: 'tellPlane', params: { type: 'trustStream' } }],
                  },
                  {
                    target: 'stuck',
                    actions: { type: 'reportCut', params: ({ context }) => lateAnswer(context) },
                  },
                ],
              },
              on: {
                'plane.opened': [
                  {
                    guard: { type: 'isNewest', params: ({ event }) => event },
                    target: 'choosingOpen',
                    actions: 'reportOpened',
                  },
                ],
              },
            },
            resuming: {
              description: 'The plugin is asked where the stream before has ended.',
              after: {
                probeTimeout: {
                  target: 'stuck',
                  actions: { type: 'reportCut', params: ({ context }) => lateAnswer(context) },
                },
              },
              on: {
                'plane.opened': {
                  guard: { type: 'isNewest', params: ({ event }) => event },
                  target: 'acked',
                  actions: ['reportOpened', 'reportResumed'],
                },
              },
            },
            choosingOpen: {
              description: 'The state of an open stream, by its form.',
              always: [
                { guard: 'isAcked', target: 'acked', actions: 'rememberOpen' },
                { target: 'stream', actions: { type: 'tellPlane', params: { type: 'trustStream' } } },
              ],
            },
            acked: {
              description: 'Batches, acknowledgements and results go to and fro.',
              tags: ['acked'],
              on: {
                'plane.blocked': {
                  guard: { type: 'isNewest', params: ({ event }) => event },
                  target: 'stalled',
                },
              },
            },
            stream: {
              description: 'Events go out one by one; results come on the host channel.',
              tags: ['stream'],
              on: {
                'plane.blocked': {
                  guard: { type: 'isNewest', params: ({ event }) => event },
                  target: 'stalled',
                },
              },
            },
            stalled: {
              description: 'Something has waited to be sent for at least one send time-out.',
              entry: ['countTimeout', 'reportStalled'],
              after: {
                sendTimeout: [
                  {
                    guard: 'isLastTimeout',
                    target: 'stuck',
                    actions: [
                      'countTimeout',
                      'reportStalled',
                      { type: 'reportCut', params: ({ context }) => stuck(context) },
                    ],
                  },
                  { target: 'stalled', reenter: true },
                ],
              },
              on: {
                'plane.progressed': {
                  guard: { type: 'isNewest', params: ({ event }) => event },
                  target: 'choosingOpen',
                  actions: 'forgetTimeouts',
                },
              },
            },
            stuck: {
              description: 'The stream is cut from this side.',
              entry: [{ type: 'tellPlane', params: { type: 'cutStream' } }],
              always: [
                { guard: 'hasUnary', target: '#event-stream.live.fallingBack' },
                { target: '#event-stream.live.backingOff', actions: 'countAttempt' },
              ],
            },
          },
        },
        fallingBack: {
          description: 'What is left of the stream is sent by single calls, in order.',
          tags: ['unary'],
          entry: ['countAttempt', 'reportFellBack', { type: 'tellPlane', params: { type: 'openUnary' } }],
          on: {
            'plane.replayed': 'backingOff',
            'plane.refused': {
              target: 'backingOff',
              actions: [{ type: 'reportUnsupported', params: { form: 'unary' } }, 'forgetUnary'],
            },
            'plane.failed': {
              target: 'backingOff',
              actions: { type: 'rememberRandom', params: ({ event }) => event },
            },
          },
        },
        backingOff: {
          description: 'Single calls go on, as far as the plugin takes them, until the next stream is tried.',
          tags: ['unary'],
          entry: 'reportBackingOff',
          after: { backoff: 'switching' },
          on: {
            // Calls that failed are opened again: what waits has no other way.
            'stream.stop': [
              {
                guard: 'hasUnary',
                target: 'closing.replaying',
                actions: [
                  { type: 'rememberDrain', params: ({ event }) => event },
                  { type: 'tellPlane', params: { type: 'drain' } },
                ],
              },
              { target: 'closing', actions: { type: 'rememberDrain', params: ({ event }) => event } },
            ],
            'plane.refused': [
              {
                guard: 'hasOtherThanUnary',
                actions: [{ type: 'reportUnsupported', params: { form: 'unary' } }, 'forgetUnary'],
              },
              {
                target: 'choosing',
                actions: [{ type: 'reportUnsupported', params: { form: 'unary' } }, 'forgetUnary'],
              },
            ],
          },
        },
        switching: {
          description: 'A stream is opened between two single calls.',
          tags: ['unary'],
          entry: [{ type: 'tellPlane', params: { type: 'pauseUnary' } }],
          on: {
            'plane.paused': 'choosing',
            'plane.refused': {
              target: 'choosing',
              actions: [{ type: 'reportUnsupported', params: { form: 'unary' } }, 'forgetUnary'],
            },
          },
        },
        unary: {
          description: 'The plugin knows single calls only.',
          tags: ['unary'],
          entry: ['reportOpened', { type: 'tellPlane', params: { type: 'openUnary' } }],
          on: {
            'plane.proved': { actions: 'forgetAttempts' },
            'plane.refused': {
              target: 'choosing',
              actions: [{ type: 'reportUnsupported', params: { form: 'unary' } }, 'forgetUnary'],
            },
            'plane.failed': {
              target: 'backingOff',
              actions: [{ type: 'rememberRandom', params: ({ event }) => event }, 'countAttempt'],
            },
          },
        },
        closing: {
          description: 'What waits is still delivered, within the time to drain.',
          after: { drainTimeout: '.ending' },
          // A second stop cannot make the end later.
          on: { 'stream.stop': {} },
          initial: 'draining',
          states: {
            draining: {
              description: 'Goes on in the form that is open.',
              entry: [{ type: 'tellPlane', params: { type: 'drain' } }],
              on: {
                'plane.drained': 'ending',
                // The stop came while a stream was to be opened.
                'plane.paused': { guard: 'hasUnary', target: 'replaying' },
                'plane.cut': [
                  {
                    guard: { type: 'isCutWithUnary', params: ({ event }) => event },
                    target: 'replaying',
                    actions: [{ type: 'reportCut', params: ({ event }) => event }, 'reportFellBack'],
                  },
                  {
                    guard: { type: 'isNewest', params: ({ event }) => event },
                    target: 'ending',
                    actions: { type: 'reportCut', params: ({ event }) => event },
                  },
                ],
                'plane.refused': 'ending',
                'plane.failed': 'ending',
              },
            },
            replaying: {
              description: 'No stream is open: single calls deliver the rest.',
              tags: ['unary'],
              entry: [{ type: 'tellPlane', params: { type: 'openUnary' } }],
              on: { 'plane.drained': 'ending', 'plane.refused': 'ending', 'plane.failed': 'ending' },
            },
            ending: {
              description: 'Calls that are open are closed, and the plugin may end them.',
              entry: [{ type: 'tellPlane', params: { type: 'close' } }],
              after: { closeTimeout: '#event-stream.closed' },
              on: {
                'plane.ended': '#event-stream.closed',
                'plane.cut': {
                  guard: { type: 'isNewest', params: ({ event }) => event },
                  target: '#event-stream.closed',
                },
              },
            },
          },
        },
      },
    },
    closed: { type: 'final', tags: ['terminal'], entry: 'reportClosed' },
    failed: {
      type: 'final',
      description: 'No event can be delivered to this process.',
      tags: ['terminal'],
      entry: 'reportClosed',
    },
  },
});
