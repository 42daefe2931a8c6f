import { RuntimeError } from '../../errors/index.ts';
import { GetHealthResponse_Status, PluginServiceService } from '../../gen/troupe/plugin/v1/plugin.ts';
import { createServiceClient } from '../../ports/service.ts';
import { isGone, initFailed, unlessLate } from './contract-failures.ts';
import { checkHealth } from './health.ts';
import type { ContractParts, PluginContract, ProbeOptions } from './plugin-contract.ts';

/** `troupe.plugin.v1`. A plugin without it is an ordinary go-plugin plugin: nothing to initialise, health by gRPC's. */
export function troupeContract({ connection, log, openStreams }: ContractParts): PluginContract {
  const client = createServiceClient(PluginServiceService, connection);
  /** Whether the plugin serves the contract; known after the probe. */
  let serves = false;
  return {
    async probe({ plugin, config, timeoutMs, signal }: ProbeOptions) {
      // Asked together: the answer to one says nothing about the other, and a start waits for both.
      const refusing = client.getInfo({}, { timeoutMs, signal }).then(
        () => undefined,
        (error: unknown) => RuntimeError.from(error, 'PROBE_FAILED'),
      );
      await checkHealth(connection, timeoutMs, signal);
      const refusal = await refusing;
      if (refusal?.code === 'UNIMPLEMENTED') return;
      if (refusal !== undefined) throw refusal;
      serves = true;
      const configJson = config === undefined ? '' : JSON.stringify(config);
      try {
        const initialised = client.init({ name: plugin, configJson }, { timeoutMs, signal });
        openStreams();
        await initialised;
      } catch (cause) {
        throw isGone(cause) ? cause : initFailed(plugin, cause);
      }
    },
    async checkHealth(timeoutMs, signal) {
      if (!serves) return checkHealth(connection, timeoutMs, signal);
      const { status, message } = await client.getHealth({}, { timeoutMs, signal });
      if (status !== GetHealthResponse_Status.STATUS_NOT_SERVING) return;
      throw new RuntimeError('PROBE_FAILED', `the plugin reports that it cannot work: ${message || 'no reason given'}`);
    },
    async announceShutdown(graceMs, signal) {
      if (serves) await unlessLate(client.shutdown({ graceMs }, { timeoutMs: graceMs, signal }), log, signal);
    },
  };
}
