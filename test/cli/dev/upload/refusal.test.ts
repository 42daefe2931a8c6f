import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../src/cli/dev/upload/refusal.ts';
import { errorText } from '../../../../src/cli/error-text.ts';

describe('refusalOf', () => {
  it('says in words what a host says in JSON, with the last lines that the plugin wrote', () => {
    const body = { code: 'PLUGIN_EXITED_EARLY', message: 'plugin "kv" exited with code 1', stderr: ['SyntaxError'] };

    expect(shown(422, JSON.stringify(body))).toEqual([
      'error [UPLOAD_REFUSED]: the host answered 422 [PLUGIN_EXITED_EARLY]: plugin "kv" exited with code 1',
      '  its last lines on standard error:',
      '  |  SyntaxError',
    ]);
  });

  it('lists each problem with its place', () => {
    const errors = [
      { path: 'run.node', message: 'is missing' },
      { path: '', message: 'has 2 names' },
    ];

    expect(shown(422, JSON.stringify({ code: 'MANIFEST_INVALID', message: '2 problems', errors }))).toEqual([
      'error [UPLOAD_REFUSED]: the host answered 422 [MANIFEST_INVALID]: 2 problems',
      '  run.node is missing',
      '  has 2 names',
    ]);
  });

  it.each(['{"code":"X","mess', '<h1>no</h1>', '[]', 'null', '{"code":1}'])('shows %s as it is', (body) => {
    expect(shown(422, body)).toEqual(['error [UPLOAD_REFUSED]: the host answered 422', `  ${body}`]);
  });

  it('says of 401 what is to be given', () => {
    expect(shown(401, '')).toEqual([
      'error [UNAUTHENTICATED]: the host answered 401: the token is missing or wrong; give --token or TROUPE_DEV_TOKEN',
    ]);
  });
});

// Helpers

function shown(status: number, body: string): string[] {
  return errorText(refusalOf(status, body, 'UPLOAD_REFUSED'), { debug: false })
    .trimEnd()
    .split('\n');
}
