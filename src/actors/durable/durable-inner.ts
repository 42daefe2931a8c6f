import type { Body } from '../core/body/body.ts';
import type { DurableRecord, StoredTimer } from './record.ts';

/** What a durable actor runs. */
export interface DurableInner extends Omit<Body, 'start'> {
  /** Starts anew, or goes on from what was stored. Throws when that does not fit. */
  begin(record: DurableRecord | undefined, delayOf: (timer: StoredTimer) => number): void;
  /** What is to be stored now. */
  capture(): DurableRecord;
}
