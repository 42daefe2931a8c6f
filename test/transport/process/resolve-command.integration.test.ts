import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { resolveCommand } from '../../../src/transport/process/resolve-command.ts';

describe('resolveCommand', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'resolve-'));
    for (const folder of ['a', 'b', 'a/run', 'a/folder']) await mkdir(join(root, folder));
    await script('b/run', '#!/bin/sh\n');
    await script('a/plain', '#!/bin/sh\n', 0o644);
    await script('b/plain', '#!/bin/sh\n');
    onTestFinished(() => rm(root, { recursive: true }));
  });

  it('takes a path with a slash relative to the working directory', async () => {
    expect(await resolveCommand('./b/run', { cwd: root, path: '/nowhere' })).toBe(join(root, 'b/run'));
    expect(await resolveCommand(join(root, 'b/run'), { cwd: '/', path: undefined })).toBe(join(root, 'b/run'));
  });

  it('passes a directory and a file without execute permission by when a later entry of PATH fits', async () => {
    const scope = { cwd: '/', path: `${root}/none:${root}/a:${root}/b` };

    expect(await resolveCommand('run', scope)).toBe(join(root, 'b/run'));
    expect(await resolveCommand('plain', scope)).toBe(join(root, 'b/plain'));
  });

  it('takes an empty or relative entry of PATH from the working directory', async () => {
    expect(await resolveCommand('run', { cwd: join(root, 'b'), path: '/nowhere:' })).toBe(join(root, 'b/run'));
    expect(await resolveCommand('run', { cwd: root, path: 'b' })).toBe(join(root, 'b/run'));
  });

  it('looks in /bin and /usr/bin when there is no PATH', async () => {
    expect(await resolveCommand('sh', { cwd: '/', path: undefined })).toBe('/bin/sh');
  });

  it.each<[string, string, string]>([
    ['nope', 'COMMAND_NOT_FOUND', 'command "nope" was not found in PATH "a:b"'],
    ['./nope', 'COMMAND_NOT_FOUND', 'command "./nope" does not exist in "ROOT"'],
    ['b/run/x', 'COMMAND_NOT_FOUND', 'command "b/run/x" does not exist in "ROOT"'],
    ['', 'COMMAND_NOT_FOUND', 'command "" is empty'],
    ['x\0y', 'COMMAND_NOT_FOUND', 'command "x\0y" was not found in PATH "a:b"'],
    ['folder', 'COMMAND_NOT_EXECUTABLE', 'command "folder" ("ROOT/a/folder") is a directory'],
    ['./a', 'COMMAND_NOT_EXECUTABLE', 'command "./a" ("ROOT/a") is a directory'],
    [
      'a/plain',
      'COMMAND_NOT_EXECUTABLE',
      'command "a/plain" ("ROOT/a/plain") may not be executed: it lacks execute permission',
    ],
  ])('says of %j that it is %s', async (command, code, message) => {
    const resolving = resolveCommand(command, { cwd: root, path: 'a:b' });

    await expect(resolving).rejects.toMatchObject({ code, rawMessage: message.replaceAll('ROOT', root) });
  });

  it('names the interpreter of a script that is missing, with its carriage return', async () => {
    await script('b/unix', '#!/no/such/thing -x\n');
    await script('b/windows', '#!/bin/sh\r\n');
    await script('b/folder', '#! /bin\n');

    await expect(resolveCommand('b/unix', { cwd: root, path: '' })).rejects.toThrow(
      '[COMMAND_NOT_FOUND] interpreter "/no/such/thing" of command "b/unix" does not exist',
    );
    await expect(resolveCommand('b/windows', { cwd: root, path: '' })).rejects.toThrow('"/bin/sh\\r"');
    await expect(resolveCommand('b/folder', { cwd: root, path: '' })).rejects.toThrow(/COMMAND_NOT_EXECUTABLE/);
  });

  it('follows a link, and calls one that leads nowhere missing', async () => {
    await symlink('../b/run', join(root, 'a/link'));
    await symlink('self', join(root, 'a/self'));

    expect(await resolveCommand('link', { cwd: root, path: 'a' })).toBe(join(root, 'a/link'));
    await expect(resolveCommand('self', { cwd: root, path: 'a' })).rejects.toThrow(/COMMAND_NOT_FOUND/);
  });

  // Helpers

  async function script(name: string, text: string, mode = 0o755): Promise<void> {
    await writeFile(join(root, name), text);
    await chmod(join(root, name), mode);
  }
});
