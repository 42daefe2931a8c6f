import { describe, expect, it } from 'vitest';
import { errorText } from '../../src/cli/error-text.ts';
import { InvalidTransitionError, RuntimeError } from '../../src/errors/index.ts';

describe('the line below an error', () => {
  it.each([
    ['uninstall', 'active', 'to stop it first: troupe plugin deactivate kv'],
    ['activate', 'errored', 'to let it leave this state: troupe plugin reset kv'],
    ['update', 'quarantined', 'to let it leave this state: troupe plugin reset kv'],
  ])('says of %s of a plugin that is %s: %s', (operation, actual, advice) => {
    expect(linesOf(transition(operation, actual))).toEqual([
      expect.stringContaining('INVALID_TRANSITION'),
      `  ${advice}`,
    ]);
  });

  it.each([
    ['activate', 'active'],
    ['update', 'installing'],
  ])('is not there for %s of a plugin that is %s', (operation, actual) => {
    expect(linesOf(transition(operation, actual))).toHaveLength(1);
  });

  it('names the option for a downgrade, which the error of the package cannot know', () => {
    expect(linesOf(new RuntimeError('DOWNGRADE_REFUSED', 'x'))[1]).toBe('  to take it all the same: --allow-downgrade');
  });

  it('names the command for consent, of the plugin that needs it', () => {
    const error = new RuntimeError('CONSENT_REQUIRED', 'plugin "kv" needs consent', { details: { plugin: 'kv' } });

    expect(linesOf(error)[1]).toBe('  to see it and to give it: troupe plugin consent kv');
  });
});

// Helpers

function transition(operation: string, actual: string): InvalidTransitionError {
  return new InvalidTransitionError({ plugin: 'kv', operation, actual, expected: ['installed'] });
}

function linesOf(error: Error): string[] {
  return errorText(error, { debug: false }).trimEnd().split('\n');
}
