import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirmed } from '../../../src/cli/admin/confirm.ts';
import { dataDirectoryOf } from '../../../src/cli/admin/data-flag.ts';

describe('confirmed', () => {
  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['\n', false],
    ['no\n', false],
    ['yess\n', false],
  ])('takes %j for %s', async (answer, agreed) => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const asked = confirmed('sure?', { input, output: new PassThrough() });

    input.write(answer);

    expect(await asked).toBe(agreed);
  });

  it('takes the end of the input for no, and knows when nobody can answer', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const asked = confirmed('sure?', { input, output: new PassThrough() });

    input.end();

    expect(await asked).toBe(false);
    expect(await confirmed('sure?', { input: new PassThrough(), output: new PassThrough() })).toBeUndefined();
  });
});

describe('dataDirectoryOf', () => {
  it.each([
    ['/flag', { TROUPE_DATA: '/env' }, '/flag'],
    [undefined, { TROUPE_DATA: '/env', HOME: '/home/ada' }, '/env'],
    [undefined, { TROUPE_DATA: '', XDG_DATA_HOME: '/share', HOME: '/home/ada' }, '/share/troupe'],
    [undefined, { XDG_DATA_HOME: 'relative', HOME: '/home/ada' }, '/home/ada/.local/share/troupe'],
    [undefined, { HOME: '/home/ada' }, '/home/ada/.local/share/troupe'],
  ])('takes the flag, then TROUPE_DATA, then the place for data: %j %j', (flag, env, directory) => {
    expect(dataDirectoryOf(flag, env)).toBe(directory);
  });
});
