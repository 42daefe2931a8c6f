import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/cli/error-text.ts';
import { PluginCrashedError, RuntimeError } from '../../src/errors/index.ts';

const options = { debug: false };

describe('errorText', () => {
  it('is the code and the text on 1 line', () => {
    expect(errorText(new RuntimeError('NOT_FOUND', 'no\n  such thing'), options)).toBe(
      'error [NOT_FOUND]: no such thing\n',
    );
  });

  it('lists problems below, indented', () => {
    const error = new RuntimeError('CONFIG_INVALID', 'f has 2 problems', { details: { problems: ['a', 'b'] } });

    expect(errorText(error, options)).toBe('error [CONFIG_INVALID]: f has 2 problems\n  a\n  b\n');
  });

  it('shows the last words of a plugin, harmless for the terminal', () => {
    const error = new PluginCrashedError('PLUGIN_CRASHED', 'plugin "p" is gone', {
      plugin: 'p',
      phase: 'ready',
      stderrTail: ['\u001b[2Jboom\u0007'],
    });

    expect(errorText(error, options)).toBe(
      'error [PLUGIN_CRASHED]: plugin "p" is gone\n  its last lines on standard error:\n  |  boom?\n',
    );
  });

  it('names the plugin when the text does not', () => {
    const details = { plugin: 'kv', phase: 'spawning' } as const;
    const error = new PluginCrashedError('COMMAND_NOT_FOUND', 'command "x" does not exist', details);

    expect(errorText(error, options)).toBe('error [COMMAND_NOT_FOUND]: plugin "kv": command "x" does not exist\n');
  });

  it('says of an error without a code that it is a defect, and how to find it', () => {
    const text = errorText(new TypeError('x is not a function'), options);

    expect(text).toBe(
      'error [INTERNAL]: x is not a function\n  this is a defect in troupe; TROUPE_DEBUG=1 shows where\n',
    );
  });

  it('adds the stacks of the error and its causes for debugging', () => {
    const error = new RuntimeError('INTERNAL', 'outer', { cause: new TypeError('inner') });

    const text = errorText(error, { debug: true });

    expect(text).toMatch(/^error \[INTERNAL\]: outer\n.*\[INTERNAL\] outer\n +at /);
    expect(text).toMatch(/caused by TypeError: inner\n +at /);
  });
});
