import { describe, expect, it } from 'vitest';
import { drawSequence } from '../../../src/testing/index.ts';

describe('drawSequence', () => {
  it('draws participants in the order of their first step, with notes', () => {
    const text = drawSequence([
      { from: 'outside', to: '/counter', event: 'add' },
      { from: '/counter', to: '/store', event: 'store.save', note: 'state saving' },
      { from: '/counter', to: '/counter', event: 'xstate.after.patience' },
    ]);

    expect(text).toBe(`sequenceDiagram
  participant p0 as outside
  participant p1 as /counter
  participant p2 as /store
  p0->>p1: add
  p1->>p2: store.save
  Note over p2: state saving
  p1->>p1: xstate.after.patience
`);
  });

  it.each([
    ['signs with a meaning', 'a;b:c#d%e<f>', 'a#59;b#58;c#35;d#37;e#60;f#62;'],
    ['line breaks', 'one\ntwo\r\n', 'one two'],
    ['the word that closes a block', 'the End of endings', 'the #69;nd of endings'],
    ['nothing', '', '#32;'],
    ['more than 120 characters', 'x'.repeat(200), `${'x'.repeat(120)}…`],
  ])('writes %s as text', (_, event, drawn) => {
    const lines = drawSequence([{ from: event, to: event, event, note: event }]).split('\n');

    expect(lines.slice(1, -1)).toEqual([
      `  participant p0 as ${drawn}`,
      `  p0->>p0: ${drawn}`,
      `  Note over p0: ${drawn}`,
    ]);
  });

  it('draws the first 20 and the last 60 of 1,000 steps', () => {
    const trace = Array.from({ length: 1000 }, (_, i) => ({ from: 'a', to: 'b', event: `step ${i}` }));

    const lines = drawSequence(trace).trimEnd().split('\n');

    expect(lines).toHaveLength(3 + 20 + 1 + 60);
    expect(lines.slice(22, 25)).toEqual([
      '  p0->>p1: step 19',
      '  Note over p0,p1: … 920 steps left out …',
      '  p0->>p1: step 940',
    ]);
  });

  it.each([0, 1, 80])('leaves nothing out of %i steps', (count) => {
    const trace = Array.from({ length: count }, () => ({ from: 'a', to: 'b', event: 'x' }));

    expect(drawSequence(trace).match(/->>/g) ?? []).toHaveLength(count);
  });
});
