// The matrix with our host and plugins in Go.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ProbeServiceService as PROBE } from '../gen/troupe/testing/v1/peer.ts';
import { isRunning } from '../peers/go/run-host.ts';
import type { PeerOptions, PeerPlugin } from './launch.ts';
import { VERSIONS } from './matrix.ts';
import type { MatrixRow } from './matrix.ts';
import { describeMatrix } from './matrix-suite.ts';
import type { CellContext, MatrixSide } from './matrix-suite.ts';
import type { Command } from './peer-directory.ts';
import {
  addByCallback,
  collect,
  createTestHost,
  createTurns,
  errorOf,
  filesIn,
  launchGoPlugin,
  openHost,
  stopHost,
  until,
} from './support.ts';
import type { TestHost } from './support.ts';

/** A plugin that is asked to shut down and is not gone by then is sent SIGTERM. */
const GRACE_MS = 2_000;

interface Session extends TestHost {
  readonly plugin: PeerPlugin;
  /** What the plugin printed, with the name of the stream before it. */
  readonly output: readonly string[];
}

type Context = CellContext<Session>;

const side: MatrixSide<Session> = {
  ours: 'host',
  title: 'host of troupe, plugin in Go',

  async open(row, command) {
    const opened = createTestHost(mkdtempSync(join(tmpdir(), 'troupe-i-')));
    const output: string[] = [];
    const onOutput: PeerOptions['onOutput'] = ({ stream, data }) => output.push(`${stream}: ${data.toString()}`);
    try {
      return { ...opened, output, plugin: await launchGoPlugin(opened.host, { ...optionsOf(row, command), onOutput }) };
    } catch (error) {
      rmSync(opened.root, { recursive: true });
      throw error;
    }
  },

  async close(session) {
    await stopHost(session);
    const left = readdirSync(session.root, { recursive: true });
    rmSync(session.root, { recursive: true });
    expect(left, 'left behind').toEqual([]);
  },

  works: {
    start: ['is ready with the version agreed, on the network asked for', isReady],
    unary: ['stores, reads back, and has the text of NOT_FOUND', makesUnaryCalls],
    download: ['brings 1,000 messages in order', downloads],
    upload: ['takes 1,000 messages', uploads],
    chat: ['answers 100 messages, each after the answer to the one before', chats],
    callback: ['is dialled by the plugin, twice', isCalledBack],
    offer: ['dials what the plugin offers', dialsOffer],
    stdio: ['has what the plugin prints to both of its outputs', hasOutput],
    logs: ['logs an entry of the plugin with its level, fields and time', hasLogEntry],
    shutdown: ['stops in well under the grace of 2 s, and leaves nothing', stops],
    crash: ['tells the exit code 7, and calls the next process', survivesCrash],
    hang: ['finds a frozen plugin by 2 missed checks, and replaces it', replacesFrozen],
  },

  async refused({ row, command }, by) {
    const opened = openHost();
    const { network, ...options } = optionsOf(row, command);
    const isOpen = network === 'tcp' && options.insecure;
    if (isOpen) {
      const asked = launchGoPlugin(opened.host, { ...options, network });
      expect(await errorOf(asked)).toMatchObject({ code: 'INVALID_OPTIONS' });
    }

    // What our host never asks for, a plugin may do by itself.
    const unasked = isOpen ? { env: { TROUPE_PLUGIN_NETWORK: 'tcp' } } : { network };
    const error = await errorOf(launchGoPlugin(opened.host, { ...options, ...unasked }));

    expect(error).toMatchObject({ code: by, phase: 'handshaking' });
    expect(opened.host.plugins()).toEqual([]);
    await until(() => expect(readdirSync(opened.root)).toEqual([]));
  },

  lacks: {
    tcp: [
      'takes a unix socket when TCP is asked for',
      async ({ row, command }) => {
        const opened = openHost();
        const env = { TROUPE_PLUGIN_NETWORK: 'tcp' };
        const versions = VERSIONS.agree.host;

        const options = { ...optionsOf(row, command), env, network: 'unix', versions, offers: versions } as const;
        const plugin = await launchGoPlugin(opened.host, options);

        expect(await plugin.dispense('probe').echo({ text: 'by unix' })).toMatchObject({ text: 'by unix' });
        expect(filesIn(opened.root).sockets).toBe(1);
      },
    ],
    stdio: [
      'goes on without the output of the plugin',
      async ({ session }) => {
        const { plugin, output, log } = await session();

        await plugin.dispense('probe').print({ stream: 'stdout', text: 'printed\n' });

        expect(await plugin.dispense('probe').echo({ text: 'goes on' })).toMatchObject({ text: 'goes on' });
        expect(output).toEqual([]);
        expect(complaints(log)).toEqual([]);
      },
    ],
    'mtls-callback': [
      'is not called back, and not harmed',
      async ({ session }) => {
        const { plugin } = await session();

        const error = await errorOf(addByCallback(plugin, 5n));

        expect(error).toMatchObject({ code: 'UNAVAILABLE' });
        expect(error).toHaveProperty('message', expect.stringContaining('certificate'));
        expect(await plugin.dispense('probe').echo({ text: 'unharmed' })).toMatchObject({ text: 'unharmed' });
      },
    ],
  },
};

describeMatrix(side);

// Helpers

function optionsOf({ security, network, outcome }: MatrixRow, [command, ...args]: Command) {
  const { host, plugin } = VERSIONS[outcome];
  return { command, args, insecure: security === 'plain', network, versions: host, offers: plugin };
}

async function isReady({ row, session }: Context): Promise<void> {
  const { plugin, root } = await session();
  const { agreed } = VERSIONS[row.outcome];

  const { pid, version } = await plugin.dispense('probe').echo({ text: '' });

  expect(plugin.status()).toMatchObject({ version: agreed, pid });
  expect(version).toBe(agreed);
  expect(plugin.connection.peer.fingerprint ?? 'none').toMatch(row.security === 'plain' ? /^none$/ : /^[0-9a-f]{64}$/);
  expect(filesIn(root).sockets).toBe(row.network === 'unix' ? 1 : 0);
}

async function makesUnaryCalls({ session }: Context): Promise<void> {
  const kv = (await session()).plugin.dispense('kv');
  const value = Buffer.from([0, 1, 255]);

  await kv.put({ key: 'ключ', value });

  expect(await kv.get({ key: 'ключ' })).toEqual({ value });
  await expect(kv.get({ key: 'other' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    rawMessage: 'key "other" was never put',
  });
}

async function downloads({ session }: Context): Promise<void> {
  const probe = (await session()).plugin.dispense('probe');

  const messages = await collect(probe.download({ count: 1_000, text: 'x' }));

  expect(messages).toEqual(Array.from({ length: 1_000 }, (_, index) => ({ index, text: 'x' })));
}

async function uploads({ session }: Context): Promise<void> {
  const probe = (await session()).plugin.dispense('probe');

  const answer = await probe.upload(Array.from({ length: 1_000 }, () => ({ text: 'up' })));

  expect(answer).toEqual({ messages: 1_000, bytes: 2_000n });
}

async function chats({ session }: Context): Promise<void> {
  const probe = (await session()).plugin.dispense('probe');
  const sent = createTurns(100);

  const received: string[] = [];
  for await (const { text } of probe.chat(sent.requests())) {
    received.push(text);
    sent.next();
  }

  expect(received).toEqual(Array.from({ length: 100 }, (_, index) => `message ${index}`));
}

async function isCalledBack({ row, session }: Context): Promise<void> {
  const { plugin, root } = await session();

  const sums = [await addByCallback(plugin, 5n), await addByCallback(plugin, 7n)];

  expect(sums).toEqual([5n, 12n]);
  if (row.network === 'tcp') expect(filesIn(root).sockets).toBe(0);
}

async function dialsOffer({ row, session }: Context): Promise<void> {
  const { plugin, root } = await session();
  const id = plugin.broker.nextId();

  await plugin.dispense('probe').offer({ id });
  const connection = await plugin.broker.dial(id);

  const { pid } = plugin.status();
  expect(await connection.unary(PROBE.echo, { text: 'brokered' })).toMatchObject({ text: 'brokered', pid });
  if (row.network === 'tcp') expect(filesIn(root).sockets).toBe(0);
  connection.close();
}

async function hasOutput({ session }: Context): Promise<void> {
  const { plugin, output } = await session();
  const probe = plugin.dispense('probe');

  await probe.print({ stream: 'stdout', text: 'printed\n' });
  await probe.print({ stream: 'stderr', text: 'complained\n' });

  await until(() => expect(output.toSorted()).toEqual(['stderr: complained\n', 'stdout: printed\n']));
}

async function hasLogEntry({ session }: Context): Promise<void> {
  const { plugin, log } = await session();

  await plugin.dispense('probe').log({ level: 'info', message: 'careful' });

  const timestamp = expect.stringMatching(/^\d{4}-.*\.\d{6}/);
  const fields = { plugin: 'peer', logger: 'peer', pid: plugin.status().pid, timestamp };
  await until(() =>
    expect(log.entries).toContainEqual(expect.objectContaining({ level: 'info', message: 'careful', fields })),
  );
}

async function stops({ session }: Context): Promise<void> {
  const { plugin, host, log, root } = await session();
  const { pid = 0 } = plugin.status();
  const begin = performance.now();

  const report = await host.stop();

  expect(performance.now() - begin).toBeLessThan(GRACE_MS / 2);
  expect(report).toEqual({ stopped: ['peer'], forced: [] });
  expect(await plugin.ended).toEqual({ kind: 'stopped' });
  expect(isRunning(pid)).toBe(false);
  expect(readdirSync(root)).toEqual([]);
  expect(complaints(log)).toEqual([]);
}

async function survivesCrash({ row, command }: Context): Promise<void> {
  const plugin = await launchGoPlugin(openHost().host, optionsOf(row, command));
  const probe = plugin.dispense('probe');

  const error = await errorOf(probe.crash({ exitCode: 7 }));
  await plugin.ready({ timeoutMs: 5_000 });

  expect(error).toMatchObject({ name: 'PluginCrashedError', code: 'PLUGIN_CRASHED', exitCode: 7, phase: 'ready' });
  expect(await probe.echo({ text: 'again' })).toMatchObject({ text: 'again', pid: plugin.status().pid });
  expect(plugin.status()).toMatchObject({ restarts: 1, version: VERSIONS[row.outcome].agreed });
}

async function replacesFrozen({ row, command }: Context): Promise<void> {
  const { host, facts } = openHost();
  const health = { intervalMs: 50, timeoutMs: 400, misses: 2 };
  const plugin = await launchGoPlugin(host, { ...optionsOf(row, command), health });
  const { pid = 0 } = plugin.status();

  const error = await errorOf(plugin.dispense('probe').hang({ busy: true }));
  await until(() => expect(facts).toContainEqual(expect.objectContaining({ type: 'plugin.ready', launch: 2 })));

  expect(error).toMatchObject({ code: 'PLUGIN_UNRESPONSIVE', signal: 'SIGKILL' });
  expect(isRunning(pid)).toBe(false);
  expect((await plugin.dispense('probe').echo({ text: '' })).pid).not.toBe(pid);
}

function complaints({ entries }: TestHost['log']) {
  return entries.filter(({ level }) => level === 'warn' || level === 'error');
}
