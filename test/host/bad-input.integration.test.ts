import { describe, expect, it } from 'vitest';
import { createCertificate } from '../../src/transport/index.ts';
import type { Code, PluginPhase } from '../../src/errors/index.ts';
import type { LaunchOptions } from '../../src/host/index.ts';
import type { OddBehaviour } from './fixtures/odd-plugin.ts';
import type { ProbeOptions } from './fixtures/probe-plugin.ts';
import type { SickOptions } from './fixtures/sick-plugin.ts';
import { failureOf, hostForTest, nodeCommand } from './support.ts';
import type { TestHost } from './support.ts';

/** A launch that fails, and what its error says. */
interface BadCase {
  readonly odd?: OddBehaviour;
  readonly probe?: ProbeOptions;
  readonly sick?: SickOptions;
  readonly options?: Partial<LaunchOptions>;
  readonly code: Code;
  readonly text: RegExp;
  readonly phase: PluginPhase;
  /** Exit code; null when a signal ended it. Default null: the host killed it. */
  readonly exitCode?: number | null | undefined;
  /** Default `SIGKILL` when there is no exit code. */
  readonly signal?: NodeJS.Signals | null | undefined;
}

const CERTIFICATE = createCertificate({ now: Date.now() }).certificateDer.toString('base64').replace(/=+$/, '');
const prints = (line: string): OddBehaviour => ({ print: `${line}\n` });
const insecure = { insecure: true } as const;
const handshaking = { phase: 'handshaking' } as const;
const neverRan = { phase: 'spawning', exitCode: undefined, signal: undefined } as const;

const LINES: Readonly<Record<string, BadCase>> = {
  'prints garbage': {
    odd: prints('listening on port 80'),
    code: 'HANDSHAKE_MALFORMED',
    text: /"listening on port 80" is no handshake line: it has 1 of at least 4 fields/,
    ...handshaking,
  },
  'prints an empty line': { odd: prints(''), code: 'HANDSHAKE_EMPTY_LINE', text: /is empty/, ...handshaking },
  'prints 64 KiB and one byte without a line end': {
    odd: { printBytes: 65_537 },
    code: 'HANDSHAKE_LINE_TOO_LONG',
    text: /longer than 65536 bytes/,
    ...handshaking,
  },
  'prints no certificate': {
    odd: prints('1|1|unix|{SOCKET}|grpc|'),
    code: 'CERTIFICATE_MISSING',
    text: /announced no certificate/,
    ...handshaking,
  },
  'prints a certificate that is none': {
    odd: prints('1|1|unix|{SOCKET}|grpc|bm90IGEgY2VydGlmaWNhdGU'),
    code: 'CERTIFICATE_MALFORMED',
    text: /certificate/,
    ...handshaking,
  },
  'prints a certificate to a host without TLS': {
    odd: prints('1|1|unix|{SOCKET}|grpc|bm90IGEgY2VydGlmaWNhdGU'),
    options: insecure,
    code: 'CERTIFICATE_UNEXPECTED',
    text: /the host runs without TLS/,
    ...handshaking,
  },
  'speaks net/rpc': {
    odd: prints('1|1|unix|{SOCKET}|netrpc|'),
    code: 'PROTOCOL_UNSUPPORTED',
    text: /announces protocol "netrpc"/,
    ...handshaking,
  },
  'names no protocol': {
    odd: prints('1|1|unix|{SOCKET}'),
    code: 'PROTOCOL_UNSUPPORTED',
    text: /which means "netrpc"/,
    ...handshaking,
  },
  'speaks core protocol 2': {
    odd: prints('2|1|unix|{SOCKET}|grpc|'),
    code: 'CORE_VERSION_UNSUPPORTED',
    text: /core protocol version 2, the host 1/,
    ...handshaking,
  },
  'has no version in common': {
    probe: { versions: [7, 8] },
    options: { versions: [1, 2] },
    code: 'APP_VERSION_UNSUPPORTED',
    text: /version 7, the host 1, 2/,
    ...handshaking,
  },
  'wants its connections multiplexed': {
    odd: prints('1|1|unix|{SOCKET}|grpc||true'),
    code: 'MULTIPLEX_UNSUPPORTED',
    text: /multiplexes/,
    ...handshaking,
  },
  'listens on an unknown network': {
    odd: prints('1|1|udp|{SOCKET}|grpc|'),
    code: 'NETWORK_UNSUPPORTED',
    text: /network "udp"/,
    ...handshaking,
  },
  'has a relative address': {
    odd: prints('1|1|unix|plugin1|grpc|'),
    code: 'ADDRESS_INVALID',
    text: /"plugin1" is not an absolute path/,
    ...handshaking,
  },
  'has an address of 201 bytes': {
    odd: prints(`1|1|unix|/${'a'.repeat(200)}|grpc|`),
    code: 'ADDRESS_INVALID',
    text: /has 201 bytes, a unix socket's path has at most/,
    ...handshaking,
  },
  'listens on another machine': {
    odd: prints('1|1|tcp|192.0.2.1:80|grpc|'),
    code: 'ADDRESS_INVALID',
    text: /"192.0.2.1:80" is not a loopback address/,
    ...handshaking,
  },
};

const PROCESSES: Readonly<Record<string, BadCase>> = {
  'wants another magic cookie': {
    probe: { cookieValue: 'another' },
    code: 'MAGIC_COOKIE_MISMATCH',
    text: /does not accept the magic cookie of this host and exited with code 1/,
    ...handshaking,
    exitCode: 1,
  },
  'says nothing and ignores SIGTERM': {
    odd: { deaf: true },
    options: { startTimeoutMs: 700 },
    code: 'HANDSHAKE_TIMEOUT',
    text: /was not ready within 700 ms/,
    ...handshaking,
  },
  'closes its output and stays': {
    odd: { closeOutput: true },
    code: 'HANDSHAKE_MALFORMED',
    text: /closed its output without a handshake line/,
    ...handshaking,
  },
  'exits with code 0': {
    odd: { end: { code: 0 } },
    code: 'PLUGIN_EXITED_EARLY',
    text: /exited with code 0 before it was ready/,
    ...handshaking,
    exitCode: 0,
  },
  'exits with code 3': {
    odd: { end: { code: 3 } },
    code: 'PLUGIN_EXITED_EARLY',
    text: /exited with code 3 before it was ready/,
    ...handshaking,
    exitCode: 3,
  },
  'is ended by a signal': {
    odd: { end: { signal: 'SIGUSR2' } },
    code: 'PLUGIN_EXITED_EARLY',
    text: /was ended by SIGUSR2 before it was ready/,
    ...handshaking,
    signal: 'SIGUSR2',
  },
  'leaves a process and files behind': {
    odd: { holder: true, litter: true, ...prints('garbage') },
    code: 'HANDSHAKE_MALFORMED',
    text: /"garbage"/,
    ...handshaking,
  },
  'exits with code 3 and leaves a process that holds its output': {
    odd: { holder: true, litter: true, end: { code: 3 } },
    code: 'PLUGIN_EXITED_EARLY',
    text: /exited with code 3/,
    ...handshaking,
    exitCode: 3,
  },
};

const CONNECTIONS: Readonly<Record<string, BadCase>> = {
  'names a socket that does not exist': {
    odd: prints('1|1|unix|{SOCKET}|grpc|'),
    options: { ...insecure, startTimeoutMs: 1_500 },
    code: 'CONNECT_FAILED',
    text: /ENOENT/,
    phase: 'connecting',
  },
  'names a port where nobody listens': {
    odd: prints(`1|1|tcp|127.0.0.1:1|grpc|${CERTIFICATE}`),
    options: { startTimeoutMs: 1_500 },
    code: 'CONNECT_FAILED',
    text: /ECONNREFUSED/,
    phase: 'connecting',
  },
  'listens on tcp without mutual TLS': {
    odd: prints('1|1|tcp|127.0.0.1:1|grpc|'),
    options: { ...insecure },
    code: 'CERTIFICATE_MISSING',
    text: /tcp/,
    phase: 'handshaking',
  },
  'takes connections and says nothing': {
    odd: { listen: 'silent', ...prints('1|1|unix|{SOCKET}|grpc|') },
    options: { ...insecure, startTimeoutMs: 1_500 },
    code: 'CONNECT_FAILED',
    text: /socket could not be connected/,
    phase: 'connecting',
  },
  'closes every connection': {
    odd: { listen: 'closing', ...prints('1|1|unix|{SOCKET}|grpc|') },
    options: { ...insecure, startTimeoutMs: 1_500 },
    code: 'CONNECT_FAILED',
    text: /socket could not be connected/,
    phase: 'connecting',
  },
  'exits with code 4 after its handshake line': {
    odd: { ...prints('1|1|unix|{SOCKET}|grpc|'), end: { code: 4 } },
    options: insecure,
    code: 'PLUGIN_EXITED_EARLY',
    text: /exited with code 4 before it was ready/,
    phase: 'connecting',
    exitCode: 4,
  },
  'reports that it does not serve': {
    sick: { status: 'NOT_SERVING' },
    options: insecure,
    code: 'PROBE_FAILED',
    text: /health status NOT_SERVING/,
    phase: 'probing',
  },
  'refuses its configuration': {
    probe: { onInit: 'throw' },
    code: 'INIT_FAILED',
    text: /plugin "bad" refused its configuration: the colour is unknown/,
    phase: 'probing',
  },
  'exits with code 9 over its configuration': {
    probe: { onInit: 'exit' },
    code: 'PLUGIN_EXITED_EARLY',
    text: /exited with code 9 before it was ready/,
    phase: 'probing',
    exitCode: 9,
  },
  'listens on tcp without TLS': {
    probe: { network: 'tcp' },
    options: insecure,
    code: 'PLUGIN_EXITED_EARLY',
    text: /exited with code 1/,
    ...handshaking,
    exitCode: 1,
  },
};

const COMMANDS: Readonly<Record<string, BadCase>> = {
  'does not exist': {
    options: { command: '/nowhere/plugin' },
    code: 'COMMAND_NOT_FOUND',
    text: /command "\/nowhere\/plugin" does not exist/,
    ...neverRan,
  },
  'is not in the PATH': {
    options: { command: 'no-such-plugin' },
    code: 'COMMAND_NOT_FOUND',
    text: /command "no-such-plugin" was not found in PATH/,
    ...neverRan,
  },
  'is a directory': {
    options: { command: '/usr' },
    code: 'COMMAND_NOT_EXECUTABLE',
    text: /command "\/usr" is a directory/,
    ...neverRan,
  },
  'lacks execute permission': {
    options: { command: '/etc/passwd' },
    code: 'COMMAND_NOT_EXECUTABLE',
    text: /command "\/etc\/passwd" may not be executed: it lacks execute permission/,
    ...neverRan,
  },
  'is to run in a directory that does not exist': {
    options: { cwd: '/nowhere' },
    code: 'SPAWN_FAILED',
    text: /working directory "\/nowhere" .* cannot be entered \(ENOENT\)/,
    ...neverRan,
  },
};

describe.each([
  ['a plugin whose first line is wrong', LINES],
  ['a plugin whose process is wrong', PROCESSES],
  ['a plugin that cannot be talked to', CONNECTIONS],
  ['a plugin whose command is wrong', COMMANDS],
])('%s', (_, cases) => {
  // The launch fails as it should and leaves nothing behind, and the host goes on.
  it.each(Object.entries(cases))('%s', async (_name, bad) => {
    const test = hostForTest();
    const before = test.holdings();

    const error = await failureOf(launch(test, bad));

    const { exitCode = 'exitCode' in bad ? undefined : null, code, text, phase } = bad;
    const signal = 'signal' in bad ? bad.signal : exitCode === null ? 'SIGKILL' : null;
    expect(error).toMatchObject({ name: 'PluginCrashedError', code, plugin: 'bad', phase, exitCode, signal });
    expect(error.rawMessage).toMatch(text);
    expect(error.rawMessage).toContain(`"${error.plugin}"`);
    await test.holdsOnly(before);
    expect(test.host.plugins()).toEqual([]);
    // Under the same name, which is free again.
    const good = await test.probe({ name: 'bad' });
    expect(await good.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi', version: 1 });
  });
});

describe('the error of a failed launch', () => {
  it('carries the last 20 of 25 lines of standard error', async () => {
    const test = hostForTest();

    const error = await failureOf(test.odd({ errorLines: 25, ...prints('garbage') }));

    expect(error.stderrTail).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 6}`));
  });

  it('carries what a plugin with another magic cookie says about it', async () => {
    const test = hostForTest();

    const error = await failureOf(test.probe({}, { cookieValue: 'another' }));

    expect(error.stderrTail.join('\n')).toMatch(/this program is a plugin and is started by a host, not by hand/);
  });

  it('says why a plugin on tcp refuses a host without TLS', async () => {
    const test = hostForTest();

    const error = await failureOf(test.probe({ insecure: true }, { network: 'tcp' }));

    expect(error.stderrTail).toEqual(['the plugin listens on tcp and its host uses no mutual TLS']);
  });
});

// Helpers

function launch(test: TestHost, { odd, probe, sick, options = {} }: BadCase): Promise<unknown> {
  const named = { name: 'bad', ...options };
  if (probe !== undefined) return test.probe(named, probe);
  if (sick !== undefined) return test.probe({ ...nodeCommand('sick-plugin', sick), ...named });
  return test.odd(odd ?? {}, named);
}
