import { describe, expect, it } from 'vitest';
import { moveInvocation } from '../../../src/transport/process/index.ts';
import type { Invocation } from '../../../src/transport/process/index.ts';

const DIRECTORY = '/opt/kv';
const COPY = '/store/abc';

describe('moveInvocation', () => {
  it.each<[string, Partial<Invocation>, Partial<Invocation>]>([
    ['a command', { command: '/opt/kv/bin/kv' }, { command: '/store/abc/bin/kv' }],
    ['a command with dots in its path', { command: '/opt/x/../kv/kv' }, { command: '/store/abc/kv' }],
    ['an argument', { args: ['-v', '/opt/kv/main.cjs'] }, { args: ['-v', '/store/abc/main.cjs'] }],
    ['the directory itself', { args: ['/opt/kv'] }, { args: ['/store/abc'] }],
    ['the value of an option', { args: ['--import=/opt/kv/a=b'] }, { args: ['--import=/store/abc/a=b'] }],
    ['a file URL', { args: ['file:///opt/kv/a%20b.mjs'] }, { args: ['file:///store/abc/a%20b.mjs'] }],
    ['a URL as the value of an option', { args: ['--x=file:///opt/kv/a'] }, { args: ['--x=file:///store/abc/a'] }],
    [
      'a relative path from outside',
      { cwd: '/opt', args: ['kv/main.cjs'] },
      { cwd: '/opt', args: ['/store/abc/main.cjs'] },
    ],
    [
      'the working directory',
      { cwd: '/opt/kv/sub', args: ['./a', 'b'] },
      { cwd: '/store/abc/sub', args: ['./a', 'b'] },
    ],
    [
      'a relative path that leads out of a moved working directory',
      { cwd: '/opt/kv', args: ['../shared/data', 'sub/../x'] },
      { cwd: '/store/abc', args: ['/opt/shared/data', 'sub/../x'] },
    ],
  ])('moves %s', (_, before, after) => {
    expect(moveInvocation(start(before), DIRECTORY, COPY)).toEqual(start(after));
  });

  it.each<[string, Partial<Invocation>]>([
    ['a directory whose name begins the same', { command: '/opt/kv2/kv', args: ['/opt/kv-data'] }],
    ['a word that is the name of the directory', { cwd: '/opt', command: 'kv', args: ['kv'] }],
    ['a URL of another kind', { args: ['http://opt/kv/x', 'file://other-host/opt/kv', '--url=file:///%'] }],
    ['a relative path elsewhere', { cwd: '/opt', args: ['./kv2/a', 'text/plain'] }],
  ])('finds nothing to move in %s', (_, before) => {
    expect(moveInvocation(start(before), DIRECTORY, COPY)).toBeUndefined();
  });

  it('leaves arguments beside the moved ones as they are', () => {
    const moved = moveInvocation(start({ args: ['/opt/kv/a', '/opt/other', '--n=5', ''] }), DIRECTORY, COPY);

    expect(moved?.args).toEqual(['/store/abc/a', '/opt/other', '--n=5', '']);
  });
});

// Helpers

function start(parts: Partial<Invocation>): Invocation {
  return { command: 'node', args: [], cwd: '/', ...parts };
}
