// What go-plugin offers and what became of it here, row by row. Our defaults are read from the code, and the names of
// options are checked by the compiler, so that a row cannot say what the package no longer does.

import { X509Certificate } from 'node:crypto';
import type { Host, HostOptions, LaunchOptions, Plugin } from '../src/index.ts';
import { STOP_DEADLINE_MS } from '../src/host/create-host.ts';
import { LARGEST_MESSAGE, resolveLaunch } from '../src/host/launch-options.ts';
import { KILL_TIMEOUT_MS } from '../src/machines/plugin-process.failures.ts';
import { resolveCrashBudget } from '../src/policy/crash-budget.ts';
import { DEFAULT_ENVIRONMENT_NAMES } from '../src/policy/environment-list.ts';
import { DEFAULT_LOG_LEVEL } from '../src/ports/real-logger.ts';
import type { PluginDefinition } from '../src/sdk/index.ts';
import { INTERVAL_MS as PARENT_LOOK_MS } from '../src/sdk/host-watch.ts';
import type { ProcessPlacementOptions } from '../src/transport/index.ts';
import { BROKER_DEFAULTS } from '../src/transport/go-plugin/broker.ts';
import { createCertificate } from '../src/transport/go-plugin/certificate.ts';
import { DEFAULT_HANDSHAKE } from '../src/transport/go-plugin/default-handshake.ts';
import { MAX_HANDSHAKE_LINE_BYTES } from '../src/transport/go-plugin/handshake-line.ts';
import { MAX_LOG_LINE_BYTES, MAX_LOG_LINES_PER_SECOND } from '../src/transport/go-plugin/plugin-output.ts';
import { WATCH_MS } from '../src/transport/go-plugin/reattach-placement.ts';
import { STDIO_BUFFER_BYTES } from '../src/transport/go-plugin/stdio.ts';
import { TAIL_LINES } from '../src/transport/process/tail.ts';
import { DEFAULT_MAX_RECEIVE_BYTES } from '../src/transport/status.ts';

/** A feature, in Markdown. */
export interface Feature {
  readonly name: string;
  /** go-plugin's field, and its default. */
  readonly theirs: string;
  /** Our option, and its default. */
  readonly ours: string;
  /** What differs, and why. */
  readonly difference: string;
}

const { policy, placement: plan } = resolveLaunch(
  { command: 'x' },
  { handshake: undefined, process: undefined, temporaryRoot: undefined },
);
const placement = plan.options as ProcessPlacementOptions;
const { health, stop, backoff } = policy;
const budget = resolveCrashBudget();
const { certificateDer } = createCertificate({ now: 0 });
const curve = new X509Certificate(certificateDer).publicKey.asymmetricKeyDetails?.namedCurve ?? 'unknown';
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp521r1: 'P-521' };

/** An option of a launch, of a host, of a plugin, or a method of one; in code font. */
const option = (name: keyof LaunchOptions): string => `\`${name}\``;
const hostOption = (name: keyof HostOptions): string => `\`${name}\` of the host`;
const sdkOption = (name: keyof PluginDefinition): string => `\`${name}\` of the plugin`;
const ofHost = (name: keyof Host): string => `\`host.${name}\``;
const ofPlugin = (name: keyof Plugin): string => `\`plugin.${name}\``;

const row = (name: string, theirs: string, ours: string, difference: string): Feature => ({
  name,
  theirs,
  ours,
  difference,
});

/** The rows about starting a plugin and finding it. */
const START: readonly Feature[] = [
  row(
    'Launch',
    'exactly one of `Cmd`, `Reattach`, `RunnerFunc`',
    `${option('command')}, ${option('args')} (none), ${option('cwd')} (the host's)`,
    `Reattaching is a call of its own. The process leads a process group, so that what it starts ends with it; no shell is
    involved.`,
  ),
  row(
    'Handshake',
    '`HandshakeConfig` with `ProtocolVersion`, `MagicCookieKey`, `MagicCookieValue`; no default',
    `${option('handshake')}: variable \`${DEFAULT_HANDSHAKE.cookieKey}\`, for all troupe hosts and plugins alike; ${option('versions')}: ${placement.versions.join(', ')}`,
    `A default, since the cookie is a courtesy to people who start a plugin by hand and no security. A plugin that refuses it is told apart from one that crashes: \`MAGIC_COOKIE_MISMATCH\`.`,
  ),
  row(
    'Handshake line',
    "the scanner's limit of 64 KiB",
    `no option; ${bytes(MAX_HANDSHAKE_LINE_BYTES)}`,
    'Each field has its own error code ([wire](wire.md#handshake-line)). A line after the first is output, not a fault.',
  ),
  row(
    'Plugins',
    '`Plugins`, `VersionedPlugins`; none',
    `${option('services')}, ${option('versionedServices')}; none`,
    'A service is a descriptor as code generators for grpc-js make it; no plugin type has to be written around it. Names stay in the host, as in Go.',
  ),
  row(
    'Allowed protocols',
    '`AllowedProtocols`; net/rpc only',
    'no option; gRPC only',
    'A Go host has to ask for gRPC, ours cannot do without.',
  ),
  row(
    'Start timeout',
    '`StartTimeout`; 1 min',
    `${option('startTimeoutMs')}; ${time(policy.startTimeoutMs)}`,
    "Go's ends with the handshake line; ours covers connection, first health check and configuration too, so that a plugin which prints its line and hangs is noticed.",
  ),
  row(
    'Ports',
    '`MinPort`, `MaxPort`; 10000 to 25000',
    `${option('ports')}; ${placement.ports.min} to ${placement.ports.max}`,
    `The same. Only plugins that listen on tcp look at it; ours do with ${option('network')} \`tcp\` (default \`${placement.network}\`), which needs TLS.`,
  ),
  row(
    'Discovery',
    '`Discover(glob, dir)`',
    'none',
    'A host names the plugins it starts. `fs.glob` finds files; the `troupe run` command takes a list from a file.',
  ),
  row(
    'Custom runner',
    '`RunnerFunc`, `runner.Runner`; a process',
    `${hostOption('launcher')}; a process`,
    'A launcher starts, signals and reaps. It does not translate addresses: a plugin in a container must share its directory with the host.',
  ),
  row(
    'Checksum',
    '`SecureConfig` with `Checksum` and `Hash`; off',
    `${option('checksum')}, ${hostOption('pinStore')}; off`,
    'Go hashes the file of the command just before it starts it, and nothing that the program loads. Here all files of a directory are hashed with SHA-256, copied to a read-only place under that hash, and started from there. `CHECKSUM_MISMATCH`, `CHECKSUM_INVALID`.',
  ),
];

/** The rows about what surrounds a running plugin. */
const SURROUNDINGS: readonly Feature[] = [
  row(
    'Env',
    '`SkipHostEnv`; false: everything is inherited, and inherited values win over those of `Cmd.Env`',
    `${option('inheritEnv')}; \`default\`: ${DEFAULT_ENVIRONMENT_NAMES.map((name) => `\`${name}\``).join(', ')}. ${option('env')}; none`,
    'A plugin gets a secret by being given it. What the caller sets wins over what is inherited; `PLUGIN_*` is never inherited, or a host that is itself a plugin would hand its certificate down; `TMPDIR` becomes the private directory.',
  ),
  row(
    'Sockets',
    '`UnixSocketConfig` with `Group`, `TempDir`; none',
    `${option('socketGroup')}; none. ${hostOption('temporaryRoot')}; the system's`,
    'Every process has a directory of its own (mode 0700, or 0770 for a group), which goes when the process does, with all that is in it. In Go, without a runner, sockets lie in the common directory and stay after a crash.',
  ),
  row(
    'Logger',
    '`Logger`; hclog, level trace, name `plugin`',
    `${hostOption('environment')}, whose log is JSON on standard error, level \`${DEFAULT_LOG_LEVEL}\``,
    'Entries of a plugin keep their level and fields and carry its name. No line of a plugin can stop the host; some end a Go host.',
  ),
  row(
    'Log line buffer',
    '`PluginLogBufferSize`; 64 KiB, a longer line is chopped',
    `no option; ${bytes(MAX_LOG_LINE_BYTES)}, a longer line is cut`,
    `The rate is bounded too: ${count(MAX_LOG_LINES_PER_SECOND)} lines a second. What is dropped is counted and reported.`,
  ),
  row(
    'Raw stderr tee',
    '`Stderr`; discarded',
    'none',
    `Lines go to the log. The last ${TAIL_LINES} are kept and are part of the error when the plugin dies; the first lines of a longer Go panic are among them.`,
  ),
  row(
    'Synced stdio',
    '`SyncStdout`, `SyncStderr`; discarded',
    `${option('onOutput')}; read and dropped`,
    `One callback for both streams. It is read whether or not it is wanted, since plugins in Go block after 64 KiB; ours keep ${bytes(STDIO_BUFFER_BYTES)} for a host that does not read, then drop the oldest. A second reader is refused; in Go each gets a part.`,
  ),
  row('TLS', '`TLSConfig`, `TLSProvider`; off', 'none', 'Certificates are made for each launch and for nothing else.'),
  row(
    'AutoMTLS',
    '`AutoMTLS`; off. P-521',
    `on, unless ${option('insecure')} (${placement.insecure}). ${CURVES[curve] ?? curve}`,
    'P-521 costs old Go some 30 ms a start, and is trouble under FIPS; that of a peer is accepted. A plugin that announces no certificate is refused at the handshake (`CERTIFICATE_MISSING`); in Go at its first call.',
  ),
  row(
    'Dial options',
    '`GRPCDialOptions`, `DialWithOptions` of the broker; none',
    `none; ${ofPlugin('connection')} takes calls that no client covers, and each call \`timeoutMs\`, \`signal\`, \`metadata\``,
    'The connection is part of what is supervised; nobody else configures it.',
  ),
  row(
    'Message size',
    'clients take 2^31 - 1 bytes, servers 4 MiB',
    `${option('maxReceiveBytes')} and ${sdkOption('maxReceiveBytes')}; ${bytes(placement.maxReceiveBytes)} and ${bytes(DEFAULT_MAX_RECEIVE_BYTES)}, at most ${count(LARGEST_MESSAGE)} bytes`,
    'A bound on both sides, large enough for most. The error says whose limit it was and how to raise it.',
  ),
  row(
    'Server factory',
    '`GRPCServer`; nil, which means net/rpc',
    '`servePlugin` of `troupe/sdk` makes the server',
    'Health, output, broker and shutdown belong to the server, so that no plugin can leave one out.',
  ),
];

/** The rows about the life of a plugin. */
const LIFE: readonly Feature[] = [
  row(
    'Ping',
    '`Ping()`; never by itself, without a deadline',
    `${option('health')}; every ${time(health.intervalMs)}, ${time(health.timeoutMs)} each, dead after ${health.misses} misses`,
    'A plugin that hangs is found and replaced.',
  ),
  row(
    'Dispense',
    '`Dispense(name)`',
    `${ofPlugin('dispense')}, by name or by descriptor`,
    'The client is typed, needs no closing and works on after a restart.',
  ),
  row(
    'Exit state',
    '`Exited()`, `ID()`, `Protocol()`, `NegotiatedVersion()`; a context that ends with the process',
    `${ofPlugin('status')}, ${ofPlugin('ended')}, ${ofPlugin('onFact')}, ${ofHost('onFact')}`,
    'Each step of the life is a fact. A call that was under way rejects with the exit code or signal and the last lines of standard error.',
  ),
  row(
    'Restart',
    'none',
    `${option('restart')}; \`${policy.restart}\`: after ${time(backoff.initialMs)}, times ${backoff.factor} up to ${time(backoff.maxMs)}, jitter \`${backoff.jitter}\` (${option('backoff')}); from the start after ${time(policy.minUptimeMs)} of uptime (${option('minUptimeMs')})`,
    `The ${budget.limit}th crash within ${time(budget.windowMs)} (${hostOption('crashBudget')}) means quarantine until ${ofPlugin('reset')}. A plugin that never was ready is not started again.`,
  ),
  row(
    'Kill',
    '`Kill()`; `Shutdown`, 2 s, SIGKILL to the one process; then waits for its pipes without limit',
    `${ofPlugin('stop')} (${option('stop')}): drain ${time(stop.drainMs)}, \`Shutdown\` and ${time(stop.graceMs)}, SIGTERM and ${time(stop.terminateMs)}, SIGKILL; ${ofPlugin('kill')}: SIGKILL`,
    `Calls under way may finish. SIGKILL goes to the process group, and no pipe that a grandchild holds is waited for. After ${time(KILL_TIMEOUT_MS)} without an exit the plugin is reported as \`KILL_TIMED_OUT\`.`,
  ),
  row(
    'Managed clients',
    '`Managed`, `CleanupClients()`; unmanaged',
    `no option: a plugin belongs to its host; ${ofHost('stop')}, ${time(STOP_DEADLINE_MS)}`,
    `The end of the host is the end of its plugins, also when it is killed: by the operating system on Linux, and by the SDK, which looks for its parent every ${time(PARENT_LOOK_MS)}. Go leaves them behind.`,
  ),
  row(
    'Reattach',
    '`ReattachConfig`; looks at the process every 1 s',
    `${ofHost('reattach')}, \`parseReattach\`; every ${time(WATCH_MS)}`,
    'The same JSON. The process must be the one that listens on the address; it gets no signal, whatever happens. Linux only. Versions and `versionedServices` apply; in Go `VersionedPlugins` does not. No TLS, as in Go.',
  ),
  row(
    'Test mode (plugin)',
    '`ServeTestConfig` with `Context`, `ReattachConfigCh`, `CloseCh`, `SyncStdio`',
    '`servePluginForTest` of `troupe/sdk`',
    'Returns what to reattach with; `close()` takes the place of the context. A host that lets go leaves it running.',
  ),
  row(
    'Test helpers',
    '`TestConn`, `TestRPCConn`, `TestGRPCConn`, `TestPluginGRPCConn`',
    '`createMemoryConnection` of `troupe/testing`',
    'Calls services without a socket, with the same encoding and statuses.',
  ),
];

/** The rows about brokered connections and other wires. */
const BROKER: readonly Feature[] = [
  row(
    'Broker',
    '`NextId`, `Accept`, `AcceptAndServe`, `Dial`; waits 5 s, keeps an announcement 5 s, one for each id',
    `${ofPlugin('broker')}: \`nextId\`, \`accept\`, \`dial\`; ${time(BROKER_DEFAULTS.dialTimeoutMs)}, ${time(BROKER_DEFAULTS.idleMs)}, one for each id and ${count(BROKER_DEFAULTS.maxPending)} in all`,
    `With \`keepAdvertised\` a listener is announced again after each use and every ${time(BROKER_DEFAULTS.readvertiseMs)}, so that a fixed id can be dialled at any time. The broker outlives its stream; in Go it is dead then.`,
  ),
  row(
    'Broker mux',
    '`GRPCBrokerMultiplex`; off',
    'not supported',
    'Brokered connections have sockets of their own, in the private directory. What is refused, and how, stands below.',
  ),
  row(
    'net/rpc mode',
    'the default of `AllowedProtocols`',
    'not supported',
    'It is bound to encodings of Go. What is refused, and how, stands below.',
  ),
];

/** All rows, by section of the page. */
export const FEATURES: Readonly<Record<string, readonly Feature[]>> = {
  'Starting a plugin': START,
  'Around a plugin': SURROUNDINGS,
  'The life of a plugin': LIFE,
  'Further connections, other wires': BROKER,
};

// Helpers

function time(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`;
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${count(ms)} ms`;
}

function bytes(value: number): string {
  if (value % 2 ** 20 === 0) return `${value / 2 ** 20} MiB`;
  return value % 1024 === 0 ? `${value / 1024} KiB` : `${count(value)} bytes`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
