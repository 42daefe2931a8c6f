import type { PluginEventOptions } from '../../../host/index.ts';

/** A plugin of the scene about events. */
export interface EventRole {
  readonly name: 'calm' | 'cut' | 'killed' | 'plain' | 'old' | 'talker';
  /** The best form that it knows; undefined when it gets no events. */
  readonly form: 'acked' | 'stream' | 'unary' | undefined;
  readonly subscribe: readonly string[];
  readonly emit: readonly string[];
}

/** The types of what the scene's program publishes: one in ten is a parcel that leaves. */
export const PLACED = 'order.placed';
export const SHIPPED = 'order.shipped';
/** The type of what the talking plugin may emit. */
export const PARCEL = 'parcel.sent';
/** Number of the event, among those of the plugin, in whose middle it is killed. */
export const KILLED_AT = 5_800;

const ALL_ORDERS = ['order.*'];

/** The plugins of the scene, in the order of the table. Each has a file of its name in `plugins`. */
export const EVENT_CAST: readonly EventRole[] = [
  { name: 'calm', form: 'acked', subscribe: ALL_ORDERS, emit: [] },
  { name: 'cut', form: 'acked', subscribe: ALL_ORDERS, emit: [] },
  { name: 'killed', form: 'acked', subscribe: ALL_ORDERS, emit: [] },
  { name: 'plain', form: 'stream', subscribe: ALL_ORDERS, emit: [] },
  { name: 'old', form: 'unary', subscribe: [SHIPPED, 'parcel.*'], emit: [] },
  { name: 'talker', form: undefined, subscribe: [], emit: ['parcel.*'] },
];

// Longer than a process takes to come back, and shorter than anybody waits.
const BLOCK_MS = 15_000;

/** What the host is told about the plugin and events. */
export function eventOptionsOf({ subscribe, emit }: EventRole): PluginEventOptions {
  return { subscribe, emit, overflow: 'block', blockMs: BLOCK_MS };
}

/** Those that get events. */
export function subscribers(): readonly EventRole[] {
  return EVENT_CAST.filter(({ form }) => form !== undefined);
}
