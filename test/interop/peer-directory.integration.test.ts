import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPeerDirectory } from './peer-directory.ts';

describe('readPeerDirectory', () => {
  it('takes 2 peers: executables by their names, and commands by peer.json', () => {
    const root = directoryOf({
      'plain/plugin': PROGRAM,
      'plain/host': PROGRAM,
      'newer/bin/go-plugin-1.8': PROGRAM,
      'newer/peer.json': JSON.stringify({
        name: 'go-plugin 1.8.0',
        plugin: ['./bin/go-plugin-1.8', '--quiet'],
        lacks: ['tcp'],
      }),
      'README.md': 'not a peer',
    });

    expect(readPeerDirectory(root)).toEqual([
      {
        name: 'go-plugin 1.8.0',
        label: 'go-plugin 1.8.0',
        plugin: [join(root, 'newer/bin/go-plugin-1.8'), '--quiet'],
        host: undefined,
        lacks: ['tcp'],
      },
      {
        name: 'plain',
        label: 'plain',
        plugin: [join(root, 'plain/plugin')],
        host: [join(root, 'plain/host')],
        lacks: [],
      },
    ]);
  });

  it.each([
    ['is not JSON', '{"plugin": ', /a\/peer\.json: .*JSON/],
    ['is a list', '[]', /a\/peer\.json: .*object/],
    ['names no program', '{}', /a\/peer\.json: needs "plugin", "host" or both$/],
    ['has a command that is a text', '{"plugin": "bin/plugin"}', /a\/peer\.json: "plugin": .*(tuple|array)/],
    ['has an empty command', '{"host": []}', /a\/peer\.json: "host\.0": .*string/],
    ['has an argument that is a number', '{"host": ["sh", 1]}', /a\/peer\.json: "host\.1": .*string/],
    ['has a field that is not known', '{"plugin": ["sh"], "hosts": []}', /a\/peer\.json: .*"hosts"/],
    ['lacks what there is not', '{"plugin": ["sh"], "lacks": ["udp"]}', /a\/peer\.json: "lacks\.0": .*"tcp"/],
    [
      'names a missing file',
      '{"plugin": ["./no"]}',
      /a\/peer\.json: "plugin\.0": there is no executable file "\.\/no"$/,
    ],
  ])('refuses a description that %s, and names file and field', (_, text, problem) => {
    const root = directoryOf({ 'a/peer.json': text });

    expect(() => readPeerDirectory(root)).toThrow(problem);
  });

  it.each([
    ['has no sub-directory', { 'peer.json': '{}' }, /has no sub-directory, and so no peer$/],
    ['has a sub-directory without a peer', { 'a/notes': '' }, /\/a: holds neither peer\.json nor an executable file/],
    ['has one name twice', { 'a/plugin': PROGRAM, 'b/peer.json': '{"name": "a", "plugin": ["sh"]}' }, /called "a"$/],
  ])('refuses a directory that %s', (_, files, problem) => {
    const root = directoryOf(files);

    expect(() => readPeerDirectory(root)).toThrow(problem);
  });

  it('refuses a directory that is not there', () => {
    expect(() => readPeerDirectory('/nowhere/peers')).toThrow('TROUPE_GO_PEERS: "/nowhere/peers" is not a directory');
  });
});

// Helpers

/** The text of an executable file. */
const PROGRAM = '#!/bin/sh\n';

function directoryOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'troupe-peers-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (text === PROGRAM) chmodSync(path, 0o755);
  }
  return root;
}
