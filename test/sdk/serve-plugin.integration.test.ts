import { describe, expect, it } from 'vitest';
import { createServiceClient } from '../../src/ports/index.ts';
import { requestShutdown } from '../../src/transport/go-plugin/controller.ts';
import { ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';
import { failureOf } from '../host/support.ts';
import { HOST_VARIABLES, startBare } from './support.ts';
import type { BareProcess } from './support.ts';

const TCP = { TROUPE_PLUGIN_NETWORK: 'tcp' };
const UNIX_LINE = /^1\|1\|unix\|(\/tmp\/th-[^|]+\/plugin\d+)\|grpc\|$/;

describe('a plugin that is started by hand', () => {
  it.each([
    ['without variables', {}],
    ['with another magic cookie', { ...HOST_VARIABLES, TROUPE_PLUGIN: 'another' }],
  ])('%s says so on standard error and exits with code 1', async (_, env) => {
    const plugin = startBare(env);

    expect(await plugin.ended).toEqual({ code: 1, signal: null });
    expect(plugin.output.stdout).toBe('');
    expect(plugin.output.stderr).toBe(
      'this program is a plugin and is started by a host, not by hand: the environment variable "TROUPE_PLUGIN" does ' +
        'not have the value that its host sets\n',
    );
    expect(plugin.sockets()).toEqual([]);
  });
});

describe('the handshake line', () => {
  it('is all that ever comes to standard output, also when the program prints 256 KiB', async () => {
    const plugin = startBare(HOST_VARIABLES, { printBytes: 262_144 });

    const [, path = ''] = UNIX_LINE.exec(await plugin.line()) ?? [];
    const probe = createServiceClient(ProbeServiceService, await plugin.connect());
    await probe.print({ stream: 'stdout', text: 'printed' });
    await probe.print({ stream: 'stderr', text: 'complained' });
    plugin.child.kill('SIGTERM');
    await plugin.ended;

    expect(path).toContain(plugin.directory);
    expect(plugin.output.stdout).toBe(`${await plugin.line()}\n`);
    expect(plugin.output.stderr).toContain('complained\n');
  });

  it.each([
    ['5,2,1', [1, 2, 3], 2],
    ['3', [1, 2, 3], 3],
    ['7,8', [4, 2, 3], 2],
    ['', [1, 2], 1],
    ['one,2', [1, 2], 2],
  ])('has the highest version of both: host %s, plugin %j, line %i', async (offered, versions, chosen) => {
    const plugin = startBare({ ...HOST_VARIABLES, PLUGIN_PROTOCOL_VERSIONS: offered }, { versions });

    expect((await plugin.line()).split('|').slice(0, 2)).toEqual(['1', String(chosen)]);
  });

  it('has a seventh field only for hosts that ask for it', async () => {
    const plugin = startBare({ ...HOST_VARIABLES, PLUGIN_MULTIPLEX_GRPC: 'true' });

    expect((await plugin.line()).split('|').slice(4)).toEqual(['grpc', '', 'false']);
  });
});

describe('a host that asks for what the plugin cannot do', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['tcp without TLS', TCP, /^the plugin listens on tcp and its host uses no mutual TLS\n$/],
    ['a certificate that is none', { PLUGIN_CLIENT_CERT: 'garbage' }, /certificate/],
    [
      'a directory that does not exist',
      { PLUGIN_UNIX_SOCKET_DIR: '/nowhere' },
      /^cannot listen on \/nowhere\/plugin\d+: E[A-Z]+\n$/,
    ],
    [
      'a directory that is too long',
      { PLUGIN_UNIX_SOCKET_DIR: `/${'d'.repeat(120)}` },
      /socket path of 1\d\d bytes exceeds/,
    ],
    [
      'a group that does not exist',
      { PLUGIN_UNIX_SOCKET_GROUP: 'no-such-group' },
      /^the plugin cannot listen as its host asks: .*"no-such-group".*\n$/,
    ],
  ])('%s: code 1, a reason, no handshake line', async (_, env, reason) => {
    const plugin = startBare({ ...HOST_VARIABLES, ...env });

    expect(await plugin.ended).toEqual({ code: 1, signal: null });
    expect(plugin.output.stdout).toBe('');
    expect(plugin.output.stderr).toMatch(reason);
  });

  it('odd ports: a warning in the log, and a socket all the same', async () => {
    const plugin = startBare({ ...HOST_VARIABLES, PLUGIN_MIN_PORT: 'many', PLUGIN_MAX_PORT: '70000' });

    expect(await plugin.line()).toMatch(UNIX_LINE);
    await plugin.connect();
    expect(plugin.output.stderr).toMatch(/"@level":"warn".*PLUGIN_MIN_PORT/);
    expect(plugin.output.stderr).toMatch(/"@level":"warn".*PLUGIN_MAX_PORT/);
  });
});

describe('a running plugin', () => {
  it('ignores SIGINT', async () => {
    const plugin = await running();
    const probe = createServiceClient(ProbeServiceService, await plugin.connect());

    plugin.child.kill('SIGINT');
    plugin.child.kill('SIGINT');

    expect(await probe.echo({ text: 'still here' })).toMatchObject({ text: 'still here', pid: plugin.pid });
    expect(plugin.child.exitCode).toBeNull();
  });

  it('leaves in order on SIGTERM, also when it comes 3 times: code 0, no socket', async () => {
    const plugin = await running();
    await plugin.connect();
    expect(plugin.sockets()).toHaveLength(1);

    for (let time = 1; time <= 3; time += 1) plugin.child.kill('SIGTERM');

    expect(await plugin.ended).toEqual({ code: 0, signal: null });
    expect(plugin.sockets()).toEqual([]);
    expect(plugin.output.stderr.match(/shutdown within/g)).toHaveLength(1);
  });

  it('answers Shutdown and leaves in order: code 0, no socket', async () => {
    const plugin = await running();
    const connection = await plugin.connect();

    await requestShutdown(connection, 10_000);

    expect(await plugin.ended).toEqual({ code: 0, signal: null });
    expect(plugin.sockets()).toEqual([]);
  });

  it('lets a call finish that is under way when it is asked to leave', async () => {
    const plugin = await running();
    const connection = await plugin.connect();
    const probe = createServiceClient(ProbeServiceService, connection);
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    async function* messages() {
      yield { text: 'before' };
      await asked;
      yield { text: 'after' };
    }
    const upload = probe.upload(messages());
    await probe.echo({ text: 'the call before was sent' });

    await requestShutdown(connection, 10_000);
    resolve();

    expect(await upload).toEqual({ messages: 2, bytes: 11n });
    expect(await plugin.ended).toEqual({ code: 0, signal: null });
  });

  it('waits about 1 s for a call that does not end', async () => {
    const plugin = await running();
    const probe = createServiceClient(ProbeServiceService, await plugin.connect());
    const hanging = failureOf(probe.hang({ busy: false }));
    await probe.echo({ text: 'the call before was sent' });
    const start = performance.now();

    plugin.child.kill('SIGTERM');

    expect((await hanging).code).toMatch(/^(?:UNAVAILABLE|CANCELLED)$/);
    expect(await plugin.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - start).toBeGreaterThan(900);
  });
});

// Helpers

async function running(): Promise<BareProcess> {
  const plugin = startBare(HOST_VARIABLES);
  expect(await plugin.line()).toMatch(UNIX_LINE);
  return plugin;
}
