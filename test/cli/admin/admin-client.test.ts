import { describe, expect, it } from 'vitest';
import { unreachable } from '../../../src/cli/admin/admin-client.ts';
import { RuntimeError } from '../../../src/errors/index.ts';

describe('unreachable', () => {
  it.each(['plain', 'wrapped'])('says of a directory of another user who has to ask, and not EACCES: %s', (form) => {
    const refused = systemError('EACCES');
    const cause = form === 'plain' ? refused : RuntimeError.from(refused);

    expect(unreachable('/d', cause)).toMatchObject({
      code: 'PERMISSION_DENIED',
      rawMessage: 'this user may not enter /d; be the user who runs the host',
    });
  });

  it('says of a file in the place of the directory that no host runs there', () => {
    expect(unreachable('/d', systemError('ENOTDIR'))).toMatchObject({ code: 'HOST_NOT_RUNNING' });
  });

  it('leaves an unsafe socket what it is', () => {
    const unsafe = new RuntimeError('ADMIN_SOCKET_UNSAFE', 'x');

    expect(unreachable('/d', unsafe)).toBe(unsafe);
  });
});

// Helpers

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: lstat`), { code });
}
