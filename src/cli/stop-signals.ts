import { constants } from 'node:os';

/** The signals that ask a command to end. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What a command learns about the wish to end it. */
export interface StopSignals {
  /** Aborts at the first signal. */
  readonly requested: AbortSignal;
  /** Aborts at the second one, which means: at once. */
  readonly forced: AbortSignal;
  /** The first signal; undefined before. */
  readonly received: StopSignal | undefined;
  /** Stops listening. From then on a signal ends the process as usual. */
  release(): void;
}

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];

/** Listens for Ctrl+C and for a service manager's request to end. Whoever calls it calls `release`. */
export function listenForStop(): StopSignals {
  const requested = new AbortController();
  const forced = new AbortController();
  let received: StopSignal | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (received !== undefined) return forced.abort();
    received = signal as StopSignal;
    requested.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    requested: requested.signal,
    forced: forced.signal,
    get received() {
      return received;
    },
    release() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}

/** The exit code by which a shell recognises the end by a signal: 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
