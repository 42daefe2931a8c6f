// Decides whether a plugin may do something, at the moment when it wants to.
//
// Invariants:
//   K1. What is not granted is denied; so is everything to a plugin that nobody knows.
//   K2. A capability is allowed when it is registered and granted.
//   K3. A denial is counted and told. Whatever happens to the telling, it stays a denial.

import { PermissionDeniedError, RuntimeError } from '../../errors/index.ts';
import { coversPermission, parsePermission } from '../../policy/index.ts';
import type { DenialPort, Logger } from '../../ports/index.ts';
import type { CapabilityRegistry } from './capability-registry.ts';

/** How a checker is made. */
export interface PermissionCheckerOptions {
  readonly registry: CapabilityRegistry;
  /** What a plugin was granted, now; undefined for a plugin that nobody knows. */
  readonly grantsOf: (plugin: string) => readonly string[] | undefined;
  /** Hears of denials. Default: nobody does, and they are only counted. */
  readonly denials?: DenialPort | undefined;
  /** Default: nothing is logged. */
  readonly log?: Logger | undefined;
}

/** Decides about permissions. It owns nothing that must be closed. */
export interface PermissionChecker {
  /** Whether the plugin has the permission. Nothing is counted or told: this is a question, not an attempt. */
  allowed(plugin: string, permission: string): boolean;
  /**
   * Returns when the plugin has the permission.
   *
   * @throws PermissionDeniedError with PERMISSION_DENIED; the denial is counted and told (K3)
   */
  require(plugin: string, permission: string): void;
  /** Denials so far. */
  readonly denied: number;
}

/** Makes a checker. */
export function createPermissionChecker(options: PermissionCheckerOptions): PermissionChecker {
  return new Checker(options);
}

class Checker implements PermissionChecker {
  readonly #options: PermissionCheckerOptions;
  #denied = 0;

  constructor(options: PermissionCheckerOptions) {
    this.#options = options;
  }

  get denied(): number {
    return this.#denied;
  }

  allowed(plugin: string, permission: string): boolean {
    const { registry, grantsOf } = this.#options;
    const { kind, target } = parsePermission(permission);
    if (kind === 'capability' && registry.get(target) === undefined) return false;
    return coversPermission(grantsOf(plugin) ?? [], permission);
  }

  require(plugin: string, permission: string): void {
    if (this.allowed(plugin, permission)) return;
    this.#denied++;
    tellDenial(this.#options, plugin, permission);
    throw new PermissionDeniedError(plugin, permission);
  }
}

/** Tells a denial to whoever wants to know; what goes wrong with that is logged (K3). Never throws. */
export function tellDenial(
  { denials, log }: Pick<PermissionCheckerOptions, 'denials' | 'log'>,
  plugin: string,
  permission: string,
): void {
  try {
    denials?.({ plugin, permission });
  } catch (error) {
    const { code, rawMessage } = RuntimeError.from(error);
    log?.log('error', `a denial was not told: ${rawMessage}`, { plugin, code });
  }
}
