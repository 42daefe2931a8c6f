// Bugs that the property of event delivery must find. Plant one, run the property, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const MODEL = 'property-tests/event-stream.model.prop.ts';

/** Bugs in the chart, in the data plane and in what stands between them. */
export const EVENT_STREAM_MUTANTS: readonly Mutant[] = [
  {
    name: 'a cut stream goes on behind what it had sent (A1, I3)',
    file: 'src/bus/delivery/acked-sender.ts',
    from: '    this.#sent = window.oldest - 1;\n',
    to: '    this.#sent = window.next - 1;\n',
    killedBy: MODEL,
  },
  {
    name: 'what the plugin had settled before is settled by nobody (A4, I2)',
    file: 'src/bus/delivery/acked-sender.ts',
    from: 'while (window.oldest <= upTo) {',
    to: 'while (window.oldest < upTo) {',
    killedBy: MODEL,
  },
  {
    name: 'an answer is believed whatever it says (A5)',
    file: 'src/bus/delivery/check-answer.ts',
    from: 'if (settled > known.newest) return',
    to: 'if (settled > known.newest + 5000) return',
    killedBy: MODEL,
  },
  {
    name: 'a plain stream that was cut is sent again (T2, I3)',
    file: 'src/bus/delivery/stream-sender.ts',
    from: "if (code === 'UNIMPLEMENTED' && !this.#hasProved) this.#takeBack();",
    to: 'if (!this.#hasProved) this.#takeBack();',
    killedBy: MODEL,
  },
  {
    name: 'a stream that filled its window before it was trusted sends nothing more (T3)',
    file: 'src/bus/delivery/stream-sender.ts',
    from: '    // There was no room for more while nothing was settled.\n    this.wake();\n',
    to: '',
    killedBy: 'test/bus/delivery/awf.test.ts',
  },
  {
    name: 'a pack of events counts as one that was sent (T2)',
    file: 'src/bus/delivery/outbox.ts',
    from: 'this.#reports.onGiven?.(value.length);',
    to: 'this.#reports.onGiven?.(1);',
    killedBy: 'test/bus/delivery/packed.integration.test.ts',
  },
  {
    name: 'late results are waited for although the process is gone (D2, I8)',
    file: 'src/bus/delivery/event-plane.ts',
    from: '    this.#late.release();\n',
    to: '',
    killedBy: MODEL,
  },
  {
    name: 'what waits in the window comes back behind what was sent later (D3, I1)',
    file: 'src/bus/delivery/event-plane.ts',
    from: '    if (unsent.length > 0) source.giveBack(unsent, { sent: false });\n    if (sent.length > 0) source.giveBack(sent, { sent: true });\n',
    to: '    if (sent.length > 0) source.giveBack(sent, { sent: true });\n    if (unsent.length > 0) source.giveBack(unsent, { sent: false });\n',
    killedBy: 'test/bus/delivery/forms.test.ts',
  },
  {
    name: 'what was sent comes back as if it never was (D3)',
    file: 'src/bus/delivery/event-plane.ts',
    from: 'source.giveBack(sent, { sent: true });',
    to: 'source.giveBack(sent, { sent: false });',
    killedBy: MODEL,
  },
  {
    name: 'single calls go on beside a stream (S1, D1)',
    file: 'src/bus/delivery/event-plane.ts',
    from: '    this.#unary?.cut();\n    this.#unary = undefined;\n',
    to: '',
    killedBy: MODEL,
  },
  {
    name: 'a call that did not get through loses its event (U3)',
    file: 'src/bus/delivery/unary-sender.ts',
    from: '    if (NO_CONNECTION.has(error.code)) {\n      this.#isOver = true;\n',
    to: '    if (NO_CONNECTION.has(error.code)) {\n      this.#isOver = true;\n      this.#ports.window.shift();\n',
    killedBy: MODEL,
  },
  {
    name: 'a repeated call does not say so (U2)',
    file: 'src/bus/delivery/unary-sender.ts',
    from: '    window.countSend(window.oldest);\n',
    to: '',
    killedBy: MODEL,
  },
  {
    name: 'a stream that stalls is never ended (S3)',
    file: 'src/machines/event-stream.setup.ts',
    from: 'context.timeouts + 1 >= context.policy.sendTimeouts,',
    to: 'context.timeouts + 1 > 1_000_000 * context.policy.sendTimeouts,',
    killedBy: 'test/bus/delivery/stalls.test.ts',
  },
  {
    name: 'the wait is forgotten as soon as a stream is opened (S5)',
    file: 'src/machines/event-stream.machine.ts',
    from: "entry: ['countStream', 'openStream'],",
    to: "entry: ['countStream', 'forgetAttempts', 'openStream'],",
    killedBy: 'test/bus/delivery/cuts.test.ts',
  },
];
