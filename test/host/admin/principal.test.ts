import { describe, expect, it } from 'vitest';
import { PRINCIPAL_FIELD, principalField } from '../../../src/host/admin/index.ts';
import { principalOf } from '../../../src/host/admin/principal.ts';

describe('principalOf', () => {
  it.each([
    'alice',
    'CORP\\alice',
    'svc$',
    'a+b',
    "o'neil",
    '-x',
    'a/b',
    'user:x',
    'Ada Lovelace',
    'ß',
    '名',
    'u'.repeat(128),
  ])('takes the user %j as it is', (user) => {
    expect(principalOf({ [PRINCIPAL_FIELD]: principalField(user) })).toEqual({ kind: 'user', label: user });
  });

  it.each(['', ' ', ' a', 'a\nb', 'a\u0000', 'a\u001b[2K', 'a\u202eb', 'a\u2028b', 'u'.repeat(129)])(
    'takes %j for nobody',
    (user) => {
      expect(() => principalOf({ [PRINCIPAL_FIELD]: principalField(user) })).toThrow('UNAUTHENTICATED');
    },
  );

  it.each(['plugin:kv', 'system:lifecycle', 'alice', '%'])('takes the field %j for nobody', (field) => {
    expect(() => principalOf({ [PRINCIPAL_FIELD]: field })).toThrow('UNAUTHENTICATED');
  });
});
