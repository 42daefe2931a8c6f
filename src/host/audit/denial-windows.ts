// Turns denials into entries of the audit: a plugin that does what it may not do does it often.
//
// Invariants:
//   D1. The first denial of a permission becomes an entry at once; those that follow within the minute become one entry
//       when the minute is over. So there is at most one entry a minute, for each plugin and permission, besides the first.
//   D2. The counts of all entries together are the number of denials.
//   D3. Of each plugin only so many permissions are told apart; a plugin can make up as many as it likes. Those beyond are
//       counted together.

import { AUDIT_EVENTS } from '../../policy/index.ts';
import type { Denial } from '../../ports/index.ts';
import type { AuditDraft } from '../../ports/lifecycle-store.ts';

/** How denials are gathered. */
export interface DenialWindowOptions {
  /** Milliseconds for which denials of one kind are gathered. Default 60,000. */
  readonly windowMs: number;
  /** Permissions of one plugin that are told apart within that time. Default 64. */
  readonly permissions: number;
}

/** What stands in place of the permissions beyond the bound. */
export const OTHER_PERMISSIONS = '(others)';
/** Most characters of a permission that an entry shows. */
const LONGEST_PERMISSION = 512;

interface Window {
  count: number;
  firstAt: number;
  lastAt: number;
  /** When what was gathered becomes an entry; undefined for the first of its kind: at once. */
  dueAt: number | undefined;
}

/** Denials that are no entries yet. */
export class DenialWindows {
  readonly #options: DenialWindowOptions;
  readonly #byPlugin = new Map<string, Map<string, Window>>();
  #pending = 0;

  constructor(options: DenialWindowOptions) {
    this.#options = options;
  }

  /** Denials that are in no entry yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Counts one. `at` is the time in milliseconds since 1970. True when it is the first of its kind (D1). */
  add({ plugin, permission }: Denial, at: number): boolean {
    const windows = this.#byPlugin.get(plugin) ?? new Map<string, Window>();
    this.#byPlugin.set(plugin, windows);
    const key = this.#keyOf(windows, storable(permission));
    const window = windows.get(key) ?? { count: 0, firstAt: at, lastAt: at, dueAt: undefined };
    windows.set(key, window);
    if (window.count === 0) window.firstAt = at;
    window.count++;
    window.lastAt = at;
    this.#pending++;
    return window.dueAt === undefined;
  }

  /**
   * Takes what is due of one plugin, also what is not when `isFinal`; undefined when there is nothing. What is taken is no
   * longer pending: whoever takes it writes it.
   */
  take(at: number, isFinal: boolean): readonly [AuditDraft, ...AuditDraft[]] | undefined {
    for (const [plugin, windows] of this.#byPlugin) {
      const [first, ...rest] = [...windows].flatMap(([permission, window]) => {
        if (!isFinal && !this.#isDue(window, at)) return [];
        return this.#takeWindow(windows, { plugin, permission }, at) ?? [];
      });
      if (windows.size === 0) this.#byPlugin.delete(plugin);
      if (first !== undefined) return [first, ...rest];
    }
    return undefined;
  }

  #isDue({ dueAt }: Window, at: number): boolean {
    // A clock that was set back must not keep a window open.
    return dueAt === undefined || at >= dueAt || dueAt - at > this.#options.windowMs;
  }

  #takeWindow(windows: Map<string, Window>, denial: Denial, at: number): AuditDraft | undefined {
    const window = windows.get(denial.permission);
    if (window === undefined) return undefined;
    if (window.count === 0) {
      windows.delete(denial.permission);
      return undefined;
    }
    const { count, firstAt, lastAt } = window;
    this.#pending -= count;
    window.count = 0;
    window.dueAt = at + this.#options.windowMs;
    return draftOf(denial, { count, firstAt, lastAt });
  }

  #keyOf(windows: ReadonlyMap<string, Window>, permission: string): string {
    if (windows.has(permission) || windows.size < this.#options.permissions) return permission;
    return OTHER_PERMISSIONS;
  }
}

function draftOf({ plugin, permission }: Denial, data: Omit<Window, 'dueAt'>): AuditDraft {
  return {
    event: AUDIT_EVENTS.denied,
    plugin,
    principal: { kind: 'plugin', label: plugin },
    severity: 'warning',
    data: { permission, ...data },
  };
}

/** A text that every store can hold: a plugin chooses what it wants and may not. */
function storable(permission: string): string {
  return permission.slice(0, LONGEST_PERMISSION).toWellFormed().replaceAll('\0', '\uFFFD');
}
