import type { Logger, PluginConnection } from '../../ports/index.ts';
import { awfContract } from './awf-contract.ts';
import { troupeContract } from './troupe-contract.ts';

/** What a plugin is asked and told before its first call. */
export interface ProbeOptions {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  /** Configuration; undefined for none. */
  readonly config: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a contract works with. */
export interface ContractParts {
  readonly connection: PluginConnection;
  readonly log: Logger;
  /** To be called before anything of the plugin's author runs: that may print, and may dial the host. */
  readonly openStreams: () => void;
}

/** What host and plugin say to each other on top of go-plugin's core protocol, over one connection. */
export interface PluginContract {
  /** Makes sure that the plugin serves, and gives it its configuration. Rejects with PROBE_FAILED or INIT_FAILED. */
  probe(options: ProbeOptions): Promise<void>;
  /** Rejects when the plugin is not well, or does not say within the time. */
  checkHealth(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Asks the plugin to finish its work. Ending the process is go-plugin's own matter, and comes afterwards. */
  announceShutdown(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

/** The contracts that a host can speak: troupe's own, and that of the awf command line. */
export type ContractName = 'troupe' | 'awf';

/** Makes the contract for one connection. */
export function createContract(name: ContractName, parts: ContractParts): PluginContract {
  return name === 'awf' ? awfContract(parts) : troupeContract(parts);
}
