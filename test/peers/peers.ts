// Tests that need a foreign program.
//
// Invariants:
//   P1. A test without its peer is skipped by name, and its title says what is missing.
//   P2. With `TROUPE_REQUIRE_PEERS=1` a missing peer fails the run instead: a green run then means that all was tested.

import { beforeAll, describe } from 'vitest';
import type { Peer } from './availability.ts';
import { peerAvailability } from './availability.ts';

export type { Peer, PeerAvailability } from './availability.ts';

/**
 * A `describe` whose tests need a peer. Without it they are skipped, the reason in the title (P1), or fail (P2).
 */
export function describeWithPeer(peer: Peer, title: string, body: () => void): void {
  const availability = peerAvailability(peer);
  const missing = availability.available ? undefined : availability.reason;
  const required = process.env['TROUPE_REQUIRE_PEERS'] === '1';
  const suite = missing === undefined || required ? describe : describe.skip;
  suite(missing === undefined ? title : `${title} (${missing})`, () => {
    beforeAll(() => {
      if (missing !== undefined) throw new Error(`TROUPE_REQUIRE_PEERS=1, but ${missing}`);
    });
    body();
  });
}
