import { describe, expect, it } from 'vitest';
import type { RuntimeError } from '../../src/errors/index.ts';
import { checkStartOptions } from '../../src/host/start-options.ts';
import type { StartOptions } from '../../src/host/start-options.ts';
import { startPlugins } from '../../src/host/start-plugins.ts';

describe('the options of a start', () => {
  it('may be left out, all 8 of them', () => {
    expect(checkStartOptions({})).toEqual({});
  });

  it.each<[unknown, string]>([
    [undefined, 'options must be an object, got undefined'],
    [null, 'options must be an object, got null'],
    [{ directories: './plugins' }, 'directories must be a list of texts, got "./plugins"'],
    [{ manifests: 'abc' }, 'manifests must be a list of texts, got "abc"'],
    [{ manifests: [5] }, 'manifests[0] must be a text that is not empty, got 5'],
    [{ directories: ['a', ''] }, 'directories[1] must be a text that is not empty, got ""'],
    [{ plugins: 'one-two' }, 'plugins must be a list of texts, got "one-two"'],
    [{ config: null }, 'config must be an object, got null'],
    [{ startFailure: 'abort' }, 'startFailure must be an object, got "abort"'],
    [{ startFailure: { one: 'Abort' } }, 'startFailure.one takes abort or continue, got "Abort"'],
    [{ launch: { one: null } }, 'launch.one must be an object, got null'],
    [{ atOnce: 0 }, 'atOnce must be a whole number of at least 1, got 0'],
    [{ atOnce: Number.NaN }, 'atOnce must be a whole number of at least 1, got NaN'],
    [{ atOnce: 'x' }, 'atOnce must be a whole number of at least 1, got "x"'],
    [{ atOnce: Number.POSITIVE_INFINITY }, 'atOnce must be a whole number of at least 1, got Infinity'],
    [{ signal: {} }, 'signal must be an AbortSignal, got an object'],
  ])('that are %o are refused with INVALID_OPTIONS before anything is looked for', async (options, message) => {
    const start = startPlugins(options as StartOptions, {
      launch: () => Promise.reject(new Error('never called')),
      plugin: () => undefined,
    });

    const error = await start.then(
      () => undefined,
      (reason: unknown) => reason as RuntimeError,
    );

    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', rawMessage: message.replace(/^\S+/, 'option "$&"') });
  });
});
