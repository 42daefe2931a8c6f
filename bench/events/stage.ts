// What is measured in turns, and what is told of it.

/** The kinds of driver; `troupe` takes arguments that say how its plugin gets events. */
export type DriverKind = 'troupe' | 'raw' | 'go' | 'go-plain';

/** One work of one driver. */
export interface Variant {
  readonly driver: DriverKind;
  readonly args?: readonly string[];
  readonly work: string;
  /** Size of an event. Default 200. */
  readonly bytes?: number;
}

/** What a measurement of a variant has to say. */
export interface Sampled {
  /** Events in a second. */
  readonly rate: number;
  /** Processor time of all processes for one event, in microseconds. */
  readonly cpuUs: number;
  /** Of all processes, in MiB. */
  readonly memoryMiB: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** One metric: a variant beside another one. */
export interface StageMetric {
  readonly metric: string;
  readonly what: string;
  /** Names of variants of the stage. */
  readonly own: string;
  readonly peer: string;
  /** Default `rate`. */
  readonly of?: keyof Sampled;
}

/** Variants that are measured in turns. */
export interface Stage {
  readonly name: string;
  readonly variants: Readonly<Record<string, Variant>>;
  readonly metrics: readonly StageMetric[];
}

/** The units of what a measurement says. */
export const UNITS: Readonly<Record<keyof Sampled, string>> = {
  rate: 'events/s',
  cpuUs: 'µs',
  memoryMiB: 'MiB',
  p50Us: 'µs',
  p99Us: 'µs',
};

/** Peers in words, by driver and work. */
export function nameOf({ driver, work, bytes = 200 }: Variant): string {
  const names: Readonly<Record<DriverKind, string>> = {
    troupe: 'troupe',
    raw: 'grpc-js',
    go: 'go-plugin',
    'go-plain': 'go-plugin, no metadata',
  };
  return `${names[driver]} ${work}${bytes === 200 ? '' : `, ${bytes} bytes`}`;
}
