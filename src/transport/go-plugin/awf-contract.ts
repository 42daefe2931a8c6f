// The plugin protocol of the awf command line: `plugin.v1`, without health of its own and without a way back. What its
// plugins offer the host they dial inside Init, for five seconds, before the host of that program listens at all; so they
// never get a channel to emit on, here as there, and their Init takes as long.

import { RuntimeError } from '../../errors/index.ts';
import { PluginServiceService } from '../../gen/plugin/v1/plugin.ts';
import { createServiceClient } from '../../ports/service.ts';
import { initFailed, isGone, unlessLate } from './contract-failures.ts';
import type { MagicCookie } from './handshake-environment.ts';
import { checkHealth } from './health.ts';
import type { ContractParts, PluginContract, ProbeOptions } from './plugin-contract.ts';

/** The magic cookie of that protocol. */
export const AWF_HANDSHAKE: MagicCookie = Object.freeze({ cookieKey: 'AWF_PLUGIN', cookieValue: 'awf-plugin-v1' });

/** `plugin.v1`. */
export function awfContract({ connection, log, openStreams }: ContractParts): PluginContract {
  const client = createServiceClient(PluginServiceService, connection);
  return {
    async probe({ plugin, config, timeoutMs, signal }: ProbeOptions) {
      // Their SDK dials the host when it makes its services; until then nothing is answered, not even the health check.
      openStreams();
      await checkHealth(connection, timeoutMs, signal);
      await client.getInfo({}, { timeoutMs, signal }).catch((cause: unknown) => {
        if (isGone(cause)) throw cause;
        const { rawMessage } = RuntimeError.from(cause);
        const text = `plugin "${plugin}" does not speak the protocol of awf: ${rawMessage}`;
        throw new RuntimeError('PROBE_FAILED', text, { cause });
      });
      try {
        await client.init({ config: fieldsOf(plugin, config) }, { timeoutMs, signal });
      } catch (cause) {
        throw isGone(cause) ? cause : initFailed(plugin, cause);
      }
    },
    checkHealth: (timeoutMs, signal) => checkHealth(connection, timeoutMs, signal),
    announceShutdown: (graceMs, signal) => unlessLate(client.shutdown({}, { timeoutMs: graceMs, signal }), log, signal),
  };
}

/** Each value as JSON. */
function fieldsOf(plugin: string, config: unknown): Record<string, Buffer> {
  if (config === undefined) return {};
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new RuntimeError(
      'INIT_FAILED',
      `the configuration of plugin "${plugin}" must be a mapping of names to values`,
    );
  }
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, Buffer.from(JSON.stringify(value))]));
}
