// What every store of the lifecycle keeps, whatever it is made of. One file calls this for each store.

import { describe } from 'vitest';
import { auditContract } from './contract-audit.ts';
import { commitContract } from './contract-commit.ts';
import { faultContract } from './contract-faults.ts';
import { leaseContract } from './contract-leases.ts';
import { rowContract } from './contract-rows.ts';
import { snapshotContract } from './contract-snapshots.ts';
import { storageContract } from './contract-storage.ts';
import { versionContract } from './contract-versions.ts';
import type { StoreSubject } from './support.ts';

/** Opens an empty store; the test that asked for it has it closed at its end. */
export type OpenSubject = () => Promise<StoreSubject>;

/** Declares the tests for one store. */
export function storeContract(name: string, open: OpenSubject): void {
  // The name of the store, as its file gives it.
  describe(`${name}`, () => {
    rowContract(open);
    commitContract(open);
    faultContract(open);
    leaseContract(open);
    versionContract(open);
    auditContract(open);
    storageContract(open);
    snapshotContract(open);
  });
}
