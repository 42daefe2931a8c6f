// The Go peers of the benchmarks: the plugin of the tests, and a host that does timed batches.

import { fileURLToPath } from 'node:url';
import { peerAvailability } from '../../test/peers/availability.ts';
import { buildGoProgram, goPeers } from '../../test/peers/go.ts';

/** Absolute paths of executable files. */
export interface GoBenchPeers {
  readonly plugin: string;
  readonly host: string;
}

/** The Go peers, built unless they are cached; a sentence saying what is missing when they cannot be built. */
export async function goBenchPeers(): Promise<GoBenchPeers | string> {
  const availability = peerAvailability('go');
  if (!availability.available) return availability.reason;
  const { plugin } = await goPeers();
  const host = await buildGoProgram({ name: 'bench-host', directory: fileURLToPath(new URL('go', import.meta.url)) });
  return { plugin, host };
}
