// Which capabilities a host has: services of the host that are handed out to plugins by permission.
//
// Invariants:
//   C1. Only the program that runs the host registers capabilities; nothing that a plugin sends gets here.
//   C2. Of several registrations of a name the first one stays.
//   C3. What is not registered is allowed to nobody, and no plugin that asks for it is installed.

import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { requireObject, shown } from '../../policy/index.ts';

/** A service that the host hands out. */
export interface Capability {
  /** Letters, digits, `_` and `-` with dots between segments, such as `posts.write`; at most 256 characters. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** Whether somebody has to consent before a plugin gets it. Default true: say so when it is harmless. */
  readonly isSensitive?: boolean | undefined;
}

/** A capability with its defaults filled in. */
export type ResolvedCapability = Required<Capability>;

/** What a host without any of its program's has: the plugin's own keys and values, which nobody else sees. */
export const BUILT_IN_CAPABILITIES: readonly Capability[] = [
  { name: 'kv.read', description: "Reads the plugin's own keys and values.", isSensitive: false },
  { name: 'kv.write', description: "Writes the plugin's own keys and values.", isSensitive: false },
];

/** Most capabilities of a host. */
const MOST_CAPABILITIES = 10_000;
const NAME = /^(?=.{1,256}$)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

/** The capabilities of a host. It owns nothing that must be closed. */
export interface CapabilityRegistry {
  /**
   * Adds one. False when the name is taken, and then nothing has changed (C2).
   *
   * @throws INVALID_OPTIONS for a name that no manifest could have, or more than 10,000
   */
  register(capability: Capability): boolean;
  get(name: string): ResolvedCapability | undefined;
  /** Sorted by name. */
  list(): readonly ResolvedCapability[];
  /** True for what is not registered, too. */
  isSensitive(name: string): boolean;
  /**
   * Returns when all of a manifest's capabilities are there.
   *
   * @throws CAPABILITY_UNKNOWN with all that are not, sorted, in the text and in `details.capabilities`
   */
  requireKnown(manifest: CapabilitySource): void;
}

/** What a manifest says about capabilities. */
export interface CapabilitySource {
  readonly name: string;
  readonly permissions: { readonly capabilities: readonly string[] };
}

/** Makes the registry of a host: the built-in capabilities, then those that are given. */
export function createCapabilityRegistry(capabilities: readonly Capability[] = []): CapabilityRegistry {
  const registry = new Registry();
  for (const capability of [...BUILT_IN_CAPABILITIES, ...capabilities]) registry.register(capability);
  return registry;
}

class Registry implements CapabilityRegistry {
  readonly #byName = new Map<string, ResolvedCapability>();

  register(capability: Capability): boolean {
    const { name, description, isSensitive = true } = requireObject('capability', capability);
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw new InvalidOptionsError('capability.name', `must be the name of a service, got ${shown(name)}`);
    }
    if (this.#byName.has(name)) return false;
    if (this.#byName.size >= MOST_CAPABILITIES) {
      throw new InvalidOptionsError('capability', `is one more than ${MOST_CAPABILITIES}`);
    }
    // C1: what is kept is a copy, that nobody else can change.
    this.#byName.set(name, Object.freeze({ name, description, isSensitive }));
    return true;
  }

  get(name: string): ResolvedCapability | undefined {
    return this.#byName.get(name);
  }

  list(): readonly ResolvedCapability[] {
    return [...this.#byName.keys()].sort().flatMap((name) => this.#byName.get(name) ?? []);
  }

  isSensitive(name: string): boolean {
    return this.#byName.get(name)?.isSensitive ?? true;
  }

  requireKnown({ name: plugin, permissions }: CapabilitySource): void {
    const capabilities = [...new Set(permissions.capabilities)].filter((name) => !this.#byName.has(name)).sort();
    if (capabilities.length === 0) return;
    const names = capabilities.map((name) => `"${name}"`).join(', ');
    throw new RuntimeError(
      'CAPABILITY_UNKNOWN',
      `plugin "${plugin}" asks for ${names}, which this host does not have`,
      {
        details: { plugin, capabilities },
      },
    );
  }
}
