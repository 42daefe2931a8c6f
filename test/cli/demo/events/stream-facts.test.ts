import { describe, expect, it } from 'vitest';
import { createStreamListener, streamText } from '../../../../src/cli/demo/events/stream-facts.ts';

describe('createStreamListener', () => {
  it('passes on what a host says about the streams of a plugin, and nothing else', () => {
    const heard: unknown[] = [];
    const listen = createStreamListener((plugin, fact) => heard.push([plugin, fact.type]));

    listen({ plugin: 'calm', type: 'stream.fellBack' });
    listen({ plugin: 'calm', type: 'plugin.starting', launch: 1 });

    expect(heard).toEqual([['calm', 'stream.fellBack']]);
  });
});

describe('streamText', () => {
  it('shows 48 characters of what gRPC says, in one line', () => {
    const message = `a\n${'b'.repeat(100)}`;

    const told = streamText({ type: 'stream.cut', generation: 1, code: 'UNAVAILABLE', message });

    expect(told?.text).toBe(`its stream is cut [UNAVAILABLE]: a ${'b'.repeat(46)}…`);
  });

  it('tells a second acked stream as resumed only', () => {
    expect(streamText({ type: 'stream.opened', form: 'acked', generation: 2 })).toBeUndefined();
    expect(streamText({ type: 'stream.opened', form: 'stream', generation: 2 })?.text).toContain('a plain stream');
  });
});
