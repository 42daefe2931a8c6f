import { describe, expect, it } from 'vitest';
import type { RuntimeError } from '../../src/errors/index.ts';
import { checkEventOptions } from '../../src/host/plugin-event-options.ts';
import type { PluginEventOptions } from '../../src/host/plugin-event-options.ts';

describe('the event options of a plugin', () => {
  it('take 1,024 patterns of each kind', () => {
    const patterns = Array.from({ length: 1_024 }, (_, index) => `work.n${index}`);

    expect(checkEventOptions({ subscribe: patterns, emit: patterns })).toEqual({ subscribe: patterns, emit: patterns });
  });

  it.each<[unknown, string]>([
    [null, 'events must be an object, got null'],
    [true, 'events must be an object, got true'],
    ['x', 'events must be an object, got "x"'],
    [[], 'events must be an object, got an array'],
    [{ subscribe: 'order.*' }, 'events.subscribe must be a list of patterns, got "order.*"'],
    [{ emit: 'order.*' }, 'events.emit must be a list of patterns, got "order.*"'],
    [{ emit: null }, 'events.emit must be a list of patterns, got null'],
    [{ subscribe: Array(1_025).fill('a.b') }, 'events.subscribe must be at most 1024 patterns, got 1025'],
    [{ overflow: 'wait' }, 'events.overflow takes dropNewest, dropOldest, reject, block, got "wait"'],
    [{ remembered: -1 }, 'events.remembered is no option'],
    [{ handler: () => {} }, 'events.handler is no option'],
    [{ capacity: 0 }, 'events.capacity must be a whole number of at least 1, got 0'],
  ])('refuse %j with INVALID_OPTIONS', (options, message) => {
    expect(refusalOf(options)).toMatchObject({
      code: 'INVALID_OPTIONS',
      rawMessage: message.replace(/^\S+/, 'option "$&"'),
    });
  });

  it('refuse what is no pattern with PATTERN_INVALID', () => {
    expect(refusalOf({ subscribe: ['a..b'] })).toMatchObject({ code: 'PATTERN_INVALID' });
    expect(refusalOf({ emit: [5] })).toMatchObject({ code: 'PATTERN_INVALID' });
  });
});

// Helpers

function refusalOf(options: unknown): RuntimeError {
  try {
    checkEventOptions(options as PluginEventOptions);
  } catch (error) {
    return error as RuntimeError;
  }
  throw new Error('nothing was refused');
}
