import { InvalidOptionsError } from '../../errors/index.ts';
import { addressProblem } from './listen-address.ts';

/**
 * Where a plugin that somebody else started listens, in the JSON shape that Terraform and other hosts of go-plugin take
 * from their environment.
 */
export interface ReattachConfig {
  readonly Protocol: 'grpc';
  readonly ProtocolVersion: number;
  readonly Pid: number;
  /** True for a plugin in test mode: the host then leaves it running when it lets go. */
  readonly Test: boolean;
  readonly Addr: { readonly Network: 'unix' | 'tcp'; readonly String: string };
}

/**
 * Reads what such an environment variable holds: `{"name":{"Protocol":"grpc","ProtocolVersion":1,"Pid":123,
 * "Test":true,"Addr":{"Network":"unix","String":"/path"}}}`.
 *
 * @throws InvalidOptionsError naming the plugin and the field
 */
export function parseReattach(json: string): ReadonlyMap<string, ReattachConfig> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new InvalidOptionsError('reattach', 'is not valid JSON');
  }
  const entries = Object.entries(objectAt('reattach', value));
  return new Map(entries.map(([name, config]) => [name, readReattach(config, `reattach.${name}`)]));
}

/** Checks one configuration. Throws `InvalidOptionsError` naming the field below `field`. */
export function readReattach(value: unknown, field = 'reattach'): ReattachConfig {
  const config = objectAt(field, value);
  const address = objectAt(`${field}.Addr`, config['Addr']);
  const { Protocol, ProtocolVersion, Pid, Test = false } = config;
  if (Protocol !== 'grpc') {
    throw new InvalidOptionsError(`${field}.Protocol`, `is ${JSON.stringify(Protocol)}; only "grpc" is supported`);
  }
  const { Network, String: text } = address;
  if (Network !== 'unix' && Network !== 'tcp') {
    throw new InvalidOptionsError(`${field}.Addr.Network`, `is ${JSON.stringify(Network)}; it takes "unix"`);
  }
  if (Network === 'tcp') {
    const why = 'tcp needs mutual TLS, whose certificates only the host of the launch has';
    throw new InvalidOptionsError(`${field}.Addr.Network`, `is "tcp"; it takes "unix": ${why}`);
  }
  if (typeof text !== 'string') throw new InvalidOptionsError(`${field}.Addr.String`, 'is not a text');
  const problem = addressProblem(Network, text);
  if (problem !== undefined) throw new InvalidOptionsError(`${field}.Addr.String`, problem);
  if (typeof Test !== 'boolean') throw new InvalidOptionsError(`${field}.Test`, 'is neither true nor false');
  return {
    Protocol,
    // Go leaves out a version of 0.
    ProtocolVersion: wholeNumber(`${field}.ProtocolVersion`, ProtocolVersion ?? 0, 0),
    Pid: wholeNumber(`${field}.Pid`, Pid, 1),
    Test,
    Addr: { Network, String: text },
  };
}

function objectAt(field: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidOptionsError(field, 'is not an object');
}

function wholeNumber(field: string, value: unknown, atLeast: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= atLeast) return value;
  throw new InvalidOptionsError(field, `is ${JSON.stringify(value)}; it takes a whole number from ${atLeast}`);
}
