// How a plugin's module learns of the seat that it was loaded for.
//
// A plugin may carry a copy of the SDK of its own, bundled with it. So host and SDK meet by a symbol that all copies share.
//
// Invariants:
//   C1. Code sees a seat only when the host has loaded it for that seat, whatever other plugins are loaded meanwhile.
//   C2. A seat that was left cannot be taken again, and code that was loaded for it is no plugin in a process either: it
//       would end this one.

import type { AsyncLocalStorage } from 'node:async_hooks';
import { RuntimeError } from '../../errors/index.ts';
import type { PluginSeat } from '../../ports/plugin-seat.ts';

/** The seat of one loading; empty once the instance has ended. */
export interface SeatSlot {
  seat: PluginSeat | undefined;
}

const KEY = Symbol.for('troupe.plugin-seat/v1');

/** Where all copies of the package look. */
type Holder = typeof globalThis & { [KEY]?: AsyncLocalStorage<SeatSlot> };

/**
 * The seat that the running code was loaded for; undefined for code that no host has loaded for one.
 *
 * @throws FAILED_PRECONDITION when the instance has ended
 */
export function currentSeat(): PluginSeat | undefined {
  const slot = (globalThis as Holder)[KEY]?.getStore();
  if (slot === undefined) return undefined;
  if (slot.seat !== undefined) return slot.seat;
  throw new RuntimeError('FAILED_PRECONDITION', 'the host has ended this instance of the plugin'); // C2
}

/** Runs the loading of a plugin for a seat (C1). */
export async function withSeat<T>(slot: SeatSlot, load: () => Promise<T>): Promise<T> {
  const holder = globalThis as Holder;
  const { AsyncLocalStorage: Store } = await import('node:async_hooks');
  holder[KEY] ??= new Store<SeatSlot>();
  return holder[KEY].run(slot, load);
}
