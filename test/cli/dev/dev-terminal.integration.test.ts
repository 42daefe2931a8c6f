import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithPeer } from '../../peers/peers.ts';
import { ROOT } from '../../source-files.ts';
import { temporaryDirectory } from '../support.ts';
import { startDevHost } from './dev-host.ts';
import { openTerminal } from './tmux.ts';

const LIMIT_MS = 120_000;
const TROUPE = `${process.execPath} --conditions=source ${join(ROOT, 'src/cli/main.ts')}`;

describeWithPeer('tmux', 'somebody at a terminal', () => {
  it('goes from plugin init over dev, an edit and its reload to Ctrl+C', { timeout: LIMIT_MS }, async () => {
    const host = await startDevHost();
    const directory = temporaryDirectory();
    const terminal = openTerminal(directory);
    terminal.type(`alias troupe='${TROUPE}'`);

    terminal.type('troupe plugin init kv && echo made=$?');
    await terminal.shows('made=0');
    terminal.type(`troupe plugin dev kv --host ${host.url} --token ${host.token}; echo ended=$?`);
    await terminal.shows('installed kv 0.1.0');
    await terminal.shows('watches for changes; Ctrl+C stops');
    const plugin = join(directory, 'kv/plugin.ts');
    writeFileSync(plugin, readFileSync(plugin, 'utf8').replace('hello, ', 'good day, '));
    await terminal.shows('reloaded kv 0.1.0');
    const answer = await host.call('kv', 'greet', { name: 'ann' });
    terminal.press('C-c');
    await terminal.shows('ended=0');

    expect(answer).toEqual({ text: 'good day, ann' });
  });

  it('asks for consent to a sensitive permission, and uploads after a yes', { timeout: LIMIT_MS }, async () => {
    const host = await startDevHost();
    const directory = temporaryDirectory();
    const terminal = openTerminal(directory);
    terminal.type(`alias troupe='${TROUPE}'`);
    terminal.type('troupe plugin init kv');
    await terminal.shows('next:');
    const manifest = join(directory, 'kv/plugin.yaml');
    writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}permissions: { net: [example.org] }\n`);

    terminal.type(`troupe plugin dev kv --host ${host.url} --token ${host.token}; echo ended=$?`);
    await terminal.shows('consent to net:example.org? [y/N]');
    terminal.type('y');
    await terminal.shows('installed kv 0.1.0');
    terminal.press('C-c');
    await terminal.shows('ended=0');

    expect((await host.lifecycle.get('kv')).row.permissions).toContain('net:example.org');
  });
});
