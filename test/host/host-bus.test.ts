import { describe, expect, it } from 'vitest';
import { createHost } from '../../src/host/index.ts';

describe('createHost', () => {
  it.each<[string, unknown]>([
    ['events', null],
    ['events', true],
    ['maxDepth', { maxDepth: 0 }],
    ['source', { source: '' }],
    ['log', { log: 'a' }],
  ])('throws INVALID_OPTIONS for bad %s of its events, before the bus is used: %j', (field, events) => {
    expect(() => createHost({ events: events as object })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field }),
    );
  });
});
