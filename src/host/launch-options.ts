import { join, resolve } from 'node:path';
import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import {
  DEFAULT_ENVIRONMENT_NAMES,
  requirePositiveInteger,
  resolveProcessPolicy,
  selectEnvironment,
} from '../policy/index.ts';
import type { ProcessPolicy, ProcessPolicyOptions } from '../policy/index.ts';
import type { ServiceDescriptor } from '../ports/index.ts';
import { AWF_HANDSHAKE, DEFAULT_HANDSHAKE, readReattach } from '../transport/index.ts';
import type {
  ContractName,
  InProcessPlacementOptions,
  MagicCookie,
  PluginOutputChunk,
  ProcessPin,
  ProcessPlacementOptions,
  ReattachConfig,
  ReattachPlacementOptions,
} from '../transport/index.ts';
import type { PluginKind } from './manifest/index.ts';
import { checkChoice, memoryLimit } from './placements.ts';
import type { CheckedChoice, PlacementChoice, PlacementPlan } from './placements.ts';
import type { PluginEventOptions } from './plugin-event-options.ts';
import { userCacheDirectory } from '../transport/process/index.ts';

/** Names for the services of a plugin, as the host's code uses them. */
export type ServiceMap = Readonly<Record<string, ServiceDescriptor>>;

/** What a launch without `services` has to dispense by name. */
export type NoServices = Readonly<Record<never, never>>;

/** How a plugin is launched. */
export interface LaunchOptions<Services extends ServiceMap = ServiceMap> extends ProcessPolicyOptions, PlacementChoice {
  /**
   * Name within the host: letters, digits, `.`, `_` and `-`. Default: the base name of the command or the module, or what
   * the definition calls itself.
   */
  readonly name?: string;
  /** Arguments of the program. Beside the host's own code there are none. Default none. */
  readonly args?: readonly string[];
  /** Working directory of a process; in the other placements it is the host's. Default: the host's. */
  readonly cwd?: string;
  /**
   * Variables to set. They win over inherited ones; only the handshake's own win over them. Beside the host's own code a
   * plugin has the host's environment.
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Variables that the plugin inherits: `default` is a short list without secrets (`DEFAULT_ENVIRONMENT_NAMES`), `all`
   * and `none` say what they do, a list names them and may end names with `*`. Default `default`.
   */
  readonly inheritEnv?: 'default' | 'all' | 'none' | readonly string[];
  /**
   * What is spoken on top of go-plugin's protocol: `troupe.plugin.v1`, which plugins need not serve, or the protocol of the
   * awf command line. Plugins of awf get events and cannot emit but in answer to one; give them more than 6 s to start,
   * as their SDK waits 5 s for a channel to their host that never comes up. Default `troupe`.
   */
  readonly contract?: 'troupe' | 'awf';
  /** What the plugin contributes; asking for anything else fails with KIND_MISSING. Default: nothing is checked. */
  readonly kinds?: readonly PluginKind[];
  /** What the plugin has to do with events. Default: nothing; then it has no way to the bus either. */
  readonly events?: PluginEventOptions;
  /** The magic cookie that the plugin expects. Default: the one of its contract. */
  readonly handshake?: MagicCookie;
  /**
   * Pins all files that the plugin is made of. `directory` is verified and copied to a read-only place, and the plugin is
   * started from there: command, module, arguments and `cwd` that lie in it are moved along. Default: nothing is verified.
   */
  readonly checksum?: {
    readonly directory: string;
    /** Of the tree: `sha256` in its `build.json`, or what `hashTree` returns. */
    readonly sha256: string;
  };
  /**
   * Where Node.js keeps the compiled code of a plugin whose command is `process.execPath`: the path of a directory that
   * only this user can write, `auto` for one in the user's cache directory, or `off`. Nothing is kept for a pinned plugin,
   * nor when `NODE_COMPILE_CACHE` or `NODE_V8_COVERAGE` is among its variables. Default `auto`.
   */
  readonly compileCache?: 'auto' | 'off' | (string & {});
  /**
   * Versions of the application protocol that the host speaks; the plugin chooses the highest that both have. Default:
   * those of `versionedServices`, else 1.
   */
  readonly versions?: readonly number[];
  /** Services to `dispense` by name. Services can also be dispensed by their descriptor. */
  readonly services?: Services;
  /** Services to `dispense` by name in one version; they win over `services`. */
  readonly versionedServices?: Readonly<Record<number, Services>>;
  /** Given to the plugin before its first call: anything JSON can hold. Default: nothing. */
  readonly config?: unknown;
  /**
   * Runs the connection without TLS. Then any program that can open the socket can call the plugin or pose as it.
   * Default false: both sides prove with one-time certificates who they are.
   */
  readonly insecure?: boolean;
  /** What a plugin made with troupe's SDK shall listen on. Default `unix`. `tcp` needs TLS. */
  readonly network?: 'unix' | 'tcp';
  /**
   * Name or number of a group that may use the plugin's sockets and their directory, for a plugin that runs as another
   * user. Default: nobody but this user.
   */
  readonly socketGroup?: string;
  /** Ports for plugins that listen on tcp. Default 10,000 to 25,000. */
  readonly ports?: { readonly min: number; readonly max: number };
  /** Largest message that the host takes, in bytes. Default 64 MiB, at most 2^31 - 1. */
  readonly maxReceiveBytes?: number;
  /**
   * Hears what the program prints after the handshake. What it throws is logged; of promises that it returns nothing waits
   * for, and the first that rejects is logged. Default: it is read and dropped.
   */
  readonly onOutput?: (chunk: PluginOutputChunk) => void;
  /** Ends the launch, and the plugin, when it aborts before the plugin is ready. */
  readonly signal?: AbortSignal;
}

/** `LaunchOptions` with every default filled in. */
export interface ResolvedLaunch {
  readonly name: string;
  readonly policy: ProcessPolicy;
  readonly placement: PlacementPlan;
}

/** How a plugin that runs already is used. */
export interface ReattachOptions<Services extends ServiceMap = ServiceMap>
  extends Pick<ProcessPolicyOptions, 'startTimeoutMs' | 'health' | 'stop'>,
    Pick<
      LaunchOptions<Services>,
      | 'contract'
      | 'kinds'
      | 'events'
      | 'versions'
      | 'services'
      | 'versionedServices'
      | 'config'
      | 'maxReceiveBytes'
      | 'onOutput'
      | 'signal'
    > {
  /** Name within the host: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** Where it listens: what `servePluginForTest` returned, or what a host in Go would take from its environment. */
  readonly reattach: ReattachConfig;
}

/** `ReattachOptions` with every default filled in. */
export interface ResolvedReattach {
  readonly name: string;
  readonly policy: ProcessPolicy;
  readonly placement: ReattachPlacementOptions;
}

/** What a host adds to the options of a launch. */
export interface LaunchDefaults {
  readonly handshake: MagicCookie | undefined;
  readonly process: ProcessPolicyOptions | undefined;
  readonly temporaryRoot: string | undefined;
  /** Directory of the copies of pinned plugins. */
  readonly pinStore?: string | undefined;
  /** Copies that stay in it when a new one is made. */
  readonly pinnedCopies?: number | undefined;
}

/** 64 MiB. */
const MAX_RECEIVE_BYTES = 64 * 1024 * 1024;
/** What a message can have at most, in bytes: a length of gRPC's C core. */
export const LARGEST_MESSAGE: number = 2 ** 31 - 1;
// The plugin's temporary files belong into its private directory.
const TEMPORARY = new Set(['TMPDIR', 'TEMP', 'TMP']);

/** Fills in the defaults. Throws `InvalidOptionsError` naming the field. */
export function resolveLaunch(options: LaunchOptions, defaults: LaunchDefaults): ResolvedLaunch {
  const choice = checkChoice(options, options.args ?? []);
  const name = options.name ?? choice.name;
  if (name === '') throw new InvalidOptionsError('name', 'must be given for a definition that has none');
  const policy = resolveProcessPolicy(mergePolicy(defaults.process ?? {}, options));
  const common = commonOf(name, options, policy);
  const memoryMb = memoryLimit(options.memoryMb);
  if (choice.placement === 'process') {
    return { name, policy, placement: { kind: 'process', options: processOf(choice, options, defaults, common) } };
  }
  if (contractOf(options) !== 'troupe') {
    throw new InvalidOptionsError('contract', `is ${options.contract}, which runs in a process only`);
  }
  if ('definition' in choice) {
    if (options.checksum !== undefined) throw new InvalidOptionsError('checksum', 'is for files, not for a definition');
    const source = { definition: choice.definition };
    return { name, policy, placement: { kind: 'inProcess', options: { ...common, source } } };
  }
  const module = { path: choice.path, pin: pinOf(options.checksum, defaults) };
  if (choice.placement === 'inProcess') {
    return { name, policy, placement: { kind: 'inProcess', options: { ...common, source: { module } } } };
  }
  const { args = [], nodeArgs } = options;
  const worker = { ...common, module, args, env: environmentOf(options), nodeArgs, memoryMb };
  return { name, policy, placement: { kind: 'worker', options: worker } };
}

/** What all placements are told. */
type CommonOptions = Omit<InProcessPlacementOptions, 'source'>;

function commonOf(name: string, options: LaunchOptions, policy: ProcessPolicy): CommonOptions {
  return {
    plugin: name,
    versions: versionsOf(options),
    config: plainConfig(options.config),
    maxReceiveBytes: receiveLimit(options.maxReceiveBytes),
    startTimeoutMs: policy.startTimeoutMs,
    healthTimeoutMs: policy.health.timeoutMs,
    shutdownTimeoutMs: Math.max(1, policy.stop.graceMs),
    onOutput: options.onOutput,
  };
}

function processOf(
  { command, args }: CheckedChoice & { readonly placement: 'process' },
  options: LaunchOptions,
  defaults: LaunchDefaults,
  common: CommonOptions,
): ProcessPlacementOptions {
  const { insecure = false, network = 'unix' } = options;
  if (network !== 'unix' && network !== 'tcp') throw new InvalidOptionsError('network', 'takes "unix" or "tcp"');
  if (network === 'tcp' && insecure) {
    throw new InvalidOptionsError('insecure', 'cannot be combined with network "tcp", which any local user can reach');
  }
  const contract = contractOf(options);
  const own = contract === 'awf' ? AWF_HANDSHAKE : (defaults.handshake ?? DEFAULT_HANDSHAKE);
  const { cookieKey, cookieValue } = options.handshake ?? own;
  const env = environmentOf(options);
  return {
    ...common,
    contract,
    command,
    args,
    cwd: options.cwd,
    env,
    pin: pinOf(options.checksum, defaults),
    compileCache: compileCacheOf(command, options, env),
    cookieKey,
    cookieValue,
    insecure,
    network,
    socketGroup: options.socketGroup,
    ports: portsOf(options.ports),
    temporaryRoot: defaults.temporaryRoot,
  };
}

function environmentOf({ inheritEnv = 'default', env }: LaunchOptions): Record<string, string> {
  return { ...inherited(inheritEnv), ...env };
}

/** Fills in the defaults. Throws `InvalidOptionsError` naming the field. */
export function resolveReattach(options: ReattachOptions, defaults: LaunchDefaults): ResolvedReattach {
  const { name, startTimeoutMs, health, stop } = options;
  const reattach = readReattach(options.reattach);
  // Whoever started the process starts it again; a host that did would find another one.
  const own = { health, stop, restart: 'never', ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }) } as const;
  const policy = resolveProcessPolicy(mergePolicy(defaults.process ?? {}, own as ProcessPolicyOptions));
  return {
    name,
    policy,
    placement: {
      plugin: name,
      contract: contractOf(options),
      reattach,
      versions: versionsOf(options),
      config: plainConfig(options.config),
      maxReceiveBytes: receiveLimit(options.maxReceiveBytes),
      startTimeoutMs: policy.startTimeoutMs,
      healthTimeoutMs: policy.health.timeoutMs,
      shutdownTimeoutMs: Math.max(1, policy.stop.graceMs),
      temporaryRoot: defaults.temporaryRoot,
      onOutput: options.onOutput,
    },
  };
}

function contractOf({ contract = 'troupe' }: Pick<LaunchOptions, 'contract'>): ContractName {
  if (contract === 'troupe' || contract === 'awf') return contract;
  throw new InvalidOptionsError('contract', 'takes "troupe" or "awf"');
}

/** What decides which services a plugin has in a version. */
export type ServiceOptions<Services extends ServiceMap = ServiceMap> = Pick<
  LaunchOptions<Services>,
  'versions' | 'services' | 'versionedServices'
>;

/** The services of a negotiated version by their names. */
export function servicesOf(options: ServiceOptions, version: number | undefined): ServiceMap {
  const { services = {}, versionedServices = {} } = options;
  return (version === undefined ? undefined : versionedServices[version]) ?? services;
}

/** The versions to offer. Throws `InvalidOptionsError`. */
function versionsOf({ versions, versionedServices }: ServiceOptions): readonly number[] {
  const offered = versions ?? (versionedServices === undefined ? [1] : Object.keys(versionedServices).map(Number));
  if (offered.length === 0) throw new InvalidOptionsError('versions', 'names no version');
  return offered;
}

function pinOf(checksum: LaunchOptions['checksum'], defaults: LaunchDefaults): ProcessPin | undefined {
  if (checksum === undefined) return undefined;
  const { directory, sha256 } = checksum;
  if (typeof directory !== 'string' || directory === '') {
    throw new InvalidOptionsError('checksum.directory', 'must be the path of a directory');
  }
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new InvalidOptionsError('checksum.sha256', 'must be 64 hexadecimal digits');
  }
  const { pinStore, pinnedCopies: keep } = defaults;
  if (keep !== undefined) requirePositiveInteger('pinnedCopies', keep);
  const storeRoot = pinStore ?? inUserCache('pinned');
  if (storeRoot === undefined) throw new InvalidOptionsError('pinStore', 'must be given, as this user has no home');
  return { directory: resolve(directory), sha256: sha256.toLowerCase(), storeRoot, keep };
}

function compileCacheOf(
  command: string,
  { compileCache = 'auto' }: LaunchOptions,
  env: Readonly<Record<string, string>>,
): string | undefined {
  if (compileCache === '') throw new InvalidOptionsError('compileCache', 'must not be empty');
  // Code from a cache is counted less precisely.
  const isSettled = 'NODE_COMPILE_CACHE' in env || 'NODE_V8_COVERAGE' in env;
  if (compileCache === 'off' || command !== process.execPath || isSettled) return undefined;
  return compileCache === 'auto' ? inUserCache('compiled') : resolve(compileCache);
}

function inUserCache(name: string): string | undefined {
  const directory = userCacheDirectory();
  return directory === undefined ? undefined : join(directory, name);
}

/** What the plugin will get. A copy: changes by the caller must not reach the next process of a plugin. */
function plainConfig(config: unknown): unknown {
  if (config === undefined) return undefined;
  let text: string | undefined;
  let reason = 'is nothing that JSON can hold';
  try {
    text = JSON.stringify(config);
  } catch (error) {
    reason = `cannot be written as JSON: ${RuntimeError.from(error).rawMessage}`;
  }
  if (text === undefined) throw new InvalidOptionsError('config', reason);
  return JSON.parse(text) as unknown;
}

function portsOf(ports: LaunchOptions['ports'] = { min: 10_000, max: 25_000 }): { min: number; max: number } {
  const { min, max } = ports;
  for (const [field, port] of Object.entries({ min, max })) {
    if (!Number.isSafeInteger(port) || port < 0 || port > 65_535) {
      throw new InvalidOptionsError(`ports.${field}`, `is ${port}; it takes a whole number from 0 to 65535`);
    }
  }
  if (min > max) throw new InvalidOptionsError('ports.min', `is ${min}, above ports.max = ${max}`);
  return { min, max };
}

function receiveLimit(bytes = MAX_RECEIVE_BYTES): number {
  if (Number.isSafeInteger(bytes) && bytes >= 1 && bytes <= LARGEST_MESSAGE) return bytes;
  throw new InvalidOptionsError('maxReceiveBytes', `is ${bytes}; it takes 1 to ${LARGEST_MESSAGE}`);
}

function inherited(choice: NonNullable<LaunchOptions['inheritEnv']>): Record<string, string> {
  if (choice === 'none') return {};
  const named = choice === 'default' ? DEFAULT_ENVIRONMENT_NAMES : choice === 'all' ? ['*'] : choice;
  const selected = Object.entries(selectEnvironment(process.env, named));
  return Object.fromEntries(selected.filter(([name]) => !TEMPORARY.has(name)));
}

/** What the launch says wins, option by option; what it leaves out is the host's. */
function mergePolicy(host: ProcessPolicyOptions, launch: ProcessPolicyOptions): ProcessPolicyOptions {
  const { startTimeoutMs, restart, minUptimeMs } = launch;
  const given = Object.entries({ startTimeoutMs, restart, minUptimeMs }).filter(([, value]) => value !== undefined);
  return {
    ...host,
    ...Object.fromEntries(given),
    health: { ...host.health, ...launch.health },
    stop: { ...host.stop, ...launch.stop },
    backoff: { ...host.backoff, ...launch.backoff },
  };
}
