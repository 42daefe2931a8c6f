import { describe, expect, it } from 'vitest';
import { InvalidTransitionError } from '../../src/errors/index.ts';
import { EXPECTED_STATES, isAllowed, stateError } from '../../src/machines/plugin-lifecycle.rules.ts';
import { LIFECYCLE_OPERATIONS } from '../../src/machines/index.ts';
import type { LifecycleOperation } from '../../src/machines/index.ts';
import { LASTING_STATES, PASSING_STATES } from '../../src/ports/lifecycle-store.ts';

const STATES = ['absent', ...LASTING_STATES, ...PASSING_STATES] as const;

describe('the states from which an operation may begin', () => {
  it.each<[LifecycleOperation, readonly string[]]>([
    ['install', ['absent']],
    ['activate', ['installed', 'inactive']],
    ['deactivate', ['active']],
    ['update', ['installed', 'active', 'inactive']],
    ['rollback', ['installed', 'active', 'inactive']],
    ['consent', ['installed', 'active', 'inactive']],
    ['reset', ['errored', 'quarantined']],
    ['quarantine', ['installed', 'active', 'inactive', 'errored']],
    ['uninstall', ['installed', 'inactive', 'errored', 'quarantined', 'pending_uninstall']],
  ])('of %s are %j, and none of the others', (operation, expected) => {
    const allowed = STATES.filter((state) => isAllowed({ id: 1, operation }, state));

    expect(allowed.toSorted()).toEqual(expected.toSorted());
  });

  it('are told for each of the 9 operations, and no passing state is among them', () => {
    const passing: readonly string[] = PASSING_STATES;

    expect(Object.keys(EXPECTED_STATES).toSorted()).toEqual(LIFECYCLE_OPERATIONS.toSorted());
    expect(
      Object.values(EXPECTED_STATES).flatMap((states) => states.filter((state) => passing.includes(state))),
    ).toEqual([]);
  });
});

describe('the error for an operation that does not fit', () => {
  it('names the plugin, the operation, the state and what would be needed', () => {
    const error = stateError('kv', { id: 1, operation: 'activate' }, 'pending_uninstall');

    expect(error).toBeInstanceOf(InvalidTransitionError);
    expect(error).toMatchObject({
      plugin: 'kv',
      operation: 'activate',
      actual: 'pending_uninstall',
      expected: ['installed', 'inactive'],
      message: '[INVALID_TRANSITION] plugin "kv" is pending_uninstall; activate needs it to be installed or inactive',
    });
  });

  it('says that there is no plugin where there is no state', () => {
    expect(stateError('kv', { id: 1, operation: 'reset' }, 'absent').message).toBe(
      '[PLUGIN_UNKNOWN] there is no plugin "kv"',
    );
  });
});
