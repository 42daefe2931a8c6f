import { describe, expect, it } from 'vitest';
import {
  DeadlineExceededError,
  HandshakeError,
  InvalidOptionsError,
  isRuntimeError,
  PluginCrashedError,
  RuntimeError,
} from '../../src/errors/index.ts';

describe('the subclasses of RuntimeError', () => {
  it.each([
    ['InvalidOptionsError', 'INVALID_OPTIONS', new InvalidOptionsError('a.b', 'must be a number')],
    ['HandshakeError', 'HANDSHAKE_TIMEOUT', new HandshakeError('HANDSHAKE_TIMEOUT', 'x')],
    [
      'PluginCrashedError',
      'PLUGIN_CRASHED',
      new PluginCrashedError('PLUGIN_CRASHED', 'x', { plugin: 'kv', phase: 'ready' }),
    ],
    ['DeadlineExceededError', 'DEADLINE_EXCEEDED', new DeadlineExceededError('ask', 5)],
  ] as const)('have a name of their own: %s', (name, code, error) => {
    expect([error.name, error.code]).toEqual([name, code]);
    expect(error).toBeInstanceOf(RuntimeError);
    expect(isRuntimeError(error)).toBe(true);
    expect(error.stack).toContain('kinds.test.ts');
  });
});

describe('InvalidOptionsError', () => {
  it('names the option in its text and in its field', () => {
    const error = new InvalidOptionsError('health.intervalMs', 'must be above 0');

    expect(error.message).toBe('[INVALID_OPTIONS] option "health.intervalMs" must be above 0');
    expect([error.field, error.details]).toEqual(['health.intervalMs', { field: 'health.intervalMs' }]);
  });
});

describe('DeadlineExceededError', () => {
  it('names what was late and the limit', () => {
    const error = new DeadlineExceededError('ask of "kv"', 5000, { details: { plugin: 'kv' } });

    expect(error.message).toBe('[DEADLINE_EXCEEDED] ask of "kv" did not finish within 5000 ms');
    expect(error.details).toEqual({ plugin: 'kv', limitMs: 5000 });
  });
});

describe('PluginCrashedError', () => {
  it('carries what is known about the process', () => {
    const known = { plugin: 'kv', phase: 'ready', exitCode: null, signal: 'SIGKILL', stderrTail: ['oom'] } as const;

    const error = new PluginCrashedError('PLUGIN_CRASHED', 'plugin "kv" was killed', { ...known, cause: 'c' });

    expect(error).toMatchObject(known);
    expect(error.details).toEqual(known);
    expect(error.cause).toBe('c');
  });

  it('has an empty tail when the process wrote nothing', () => {
    expect(new PluginCrashedError('SPAWN_FAILED', 'x', { plugin: 'kv', phase: 'spawning' }).stderrTail).toEqual([]);
  });
});
