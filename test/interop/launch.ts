// How hosts of ours launch the peers of the tests. Free of vitest, so that host processes of the tests can use it too.

import type { Host, LaunchOptions, MagicCookie, Plugin } from 'troupe';
import { CounterServiceService, KvServiceService, ProbeServiceService } from '../gen/troupe/testing/v1/peer.ts';

/** The magic cookie that the test plugins expect unless they are told another. */
export const PEER_COOKIE: MagicCookie = { cookieKey: 'TROUPE_TEST_PLUGIN', cookieValue: 'd1b7a7d2-test' };

/** The services of the test contract that every peer serves. */
export const PEER_SERVICES = { kv: KvServiceService, counter: CounterServiceService, probe: ProbeServiceService };

/** A launched test plugin. */
export type PeerPlugin = Plugin<typeof PEER_SERVICES>;

/** How a test plugin is launched. */
export interface PeerOptions extends Omit<LaunchOptions, 'services'> {
  /** Application protocol versions that the plugin offers. Default 1. */
  readonly offers?: readonly number[];
}

/** Launches a test plugin under the name `peer`. */
export function launchPeer(host: Host, { offers, env, ...options }: PeerOptions): Promise<PeerPlugin> {
  return host.launch({
    name: 'peer',
    handshake: PEER_COOKIE,
    ...options,
    env: { ...(offers === undefined ? {} : { TROUPE_TEST_VERSIONS: offers.join(',') }), ...env },
    services: PEER_SERVICES,
  });
}

/** Makes the plugin's process stop answering, and waits until it does. `call` is the one that does it. */
export async function freeze(plugin: PeerPlugin): Promise<{ readonly call: Promise<unknown> }> {
  const probe = plugin.dispense('probe');
  const call = probe.hang({ busy: true });
  // Its end is for those who look at it.
  call.catch(() => undefined);
  let answers = true;
  while (answers) {
    answers = await probe.echo({ text: '' }, { timeoutMs: 100 }).then(
      () => true,
      () => false,
    );
  }
  return { call };
}
