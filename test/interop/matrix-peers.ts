// The peers of the conformance matrix: go-plugin as the distribution has it, our patched copy, and further ones from the
// directory that TROUPE_GO_PEERS names.

import { goPeers, packagedVersion } from '../peers/go.ts';
import type { Lack, OurSide } from './matrix.ts';
import { readPeerDirectory } from './peer-directory.ts';
import type { Command, MatrixPeer } from './peer-directory.ts';

/** A peer whose programs may have to be built first. */
export interface TestedPeer extends Pick<MatrixPeer, 'name' | 'label' | 'lacks'> {
  /** Its programs are built by the rig, which needs a compiler. */
  readonly isBuiltHere: boolean;
  /** The program that is the other side of ours. For a `beforeAll` with a time limit of some minutes. */
  command(): Promise<Command>;
}

/** The peers of one direction. Throws when TROUPE_GO_PEERS names a directory that cannot be used. */
export function matrixPeers(ours: OurSide): readonly TestedPeer[] {
  const directory = process.env['TROUPE_GO_PEERS'];
  const further = directory === undefined || directory === '' ? [] : readPeerDirectory(directory);
  return [...ownPeers(ours), ...further.flatMap((peer) => testedPeer(peer, ours))];
}

// Helpers

/** What the row of a peer is written by: the side that is not ours. */
const OTHER = { host: 'plugin', plugin: 'host' } as const;

function testedPeer({ name, label, lacks, ...programs }: MatrixPeer, ours: OurSide): TestedPeer[] {
  const program = programs[OTHER[ours]];
  if (program === undefined) return [];
  return [{ name, label, lacks, isBuiltHere: false, command: async () => program }];
}

function ownPeers(ours: OurSide): TestedPeer[] {
  const label = packagedVersion().replace(/-.*/, '');
  const other = OTHER[ours];
  return [
    {
      name: label,
      label,
      lacks: lacksOf(label),
      isBuiltHere: true,
      command: async () => [(await goPeers())[other]],
    },
    {
      name: `${label} patched`,
      label: `${label} patched`,
      lacks: [],
      isBuiltHere: true,
      command: async () => [(await goPeers())[`${other}Patched`]],
    },
  ];
}

/** An unknown version counts as a new one. */
function lacksOf(version: string): Lack[] {
  const isBefore = (other: string): boolean => /^\d/.test(version) && compare(version, other) < 0;
  return [
    'tcp',
    ...(isBefore('1.1.0') ? ['stdio' as const] : []),
    ...(isBefore('1.4.4') ? ['mtls-callback' as const] : []),
  ];
}

function compare(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
