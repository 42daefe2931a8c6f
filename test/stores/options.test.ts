import { describe, expect, it } from 'vitest';
import { openPostgresStore, openSqliteStore } from '../../src/stores/index.ts';

const NO_NUMBERS = [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY, 2 ** 31, '5' as never, null as never];

describe('the options of openSqliteStore', () => {
  it.each([
    ...NO_NUMBERS.map((value): [string, object] => ['busyTimeoutMs', { busyTimeoutMs: value }]),
    ...NO_NUMBERS.filter((value) => value !== 2 ** 31).map((value): [string, object] => [
      'maxPending',
      { maxPending: value },
    ]),
    ['path', { path: '' }],
    ['path', { path: 5 }],
    ['path', { path: 'a\0b' }],
  ])('are refused by "%s": %o', async (field, options) => {
    await expect(openSqliteStore({ path: '/nowhere/troupe.db', ...options })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      field,
    });
  });
});

describe('the options of openPostgresStore', () => {
  it.each([
    ...['connectTimeoutMs', 'lockTimeoutMs', 'statementTimeoutMs'].flatMap((field) =>
      [...NO_NUMBERS, 0].map((value): [string, object] => [field, { [field]: value }]),
    ),
    // With what an answer is waited for beyond it, a timer would be over at once.
    ['statementTimeoutMs', { statementTimeoutMs: 2 ** 31 - 1 }],
    ['maxConnections', { maxConnections: 0 }],
    ['maxPending', { maxPending: 0 }],
    ['schema', { schema: true }],
    ['schema', { schema: null }],
    ['pool', { pool: 'pool' }],
    ['connectionString', { connectionString: 5 }],
  ])('are refused by "%s": %o', async (field, options) => {
    await expect(openPostgresStore(options as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', field });
  });
});
