import { fromPromise } from 'xstate';
import { auditRelayMachine } from '../machines/index.ts';
import type { AuditRelayOutcome, AuditStep } from '../machines/index.ts';

/** What a relay does. Each signal aborts when the step is given up. */
export interface AuditRelayPorts {
  /** Links all entries that have no link. */
  seal(signal: AbortSignal): Promise<void>;
  /** Hands one batch of sealed entries to the sink. */
  deliver(signal: AbortSignal): Promise<AuditStep>;
  /** Seals and delivers all that is left, after what is under way. */
  finish(signal: AbortSignal): Promise<AuditRelayOutcome>;
}

/** The chart of a relay with its effects; spawn it in an actor system. */
export function createAuditRelayLogic(ports: AuditRelayPorts): typeof auditRelayMachine {
  return auditRelayMachine.provide({
    actors: {
      sealEntries: fromPromise(({ signal }) => ports.seal(signal)),
      deliverBatch: fromPromise(({ signal }) => ports.deliver(signal)),
      finish: fromPromise(({ signal }) => ports.finish(signal)),
    },
  });
}
