// Checks the chains of an audit against the key.
//
// What is found: an entry that was changed, put in, left out or moved; a link that was taken away; a head that does not fit
// its entries; entries removed from the beginning without a record of that; entries removed from the end, when the head,
// the cursor of a sink or an anchor still knows of them; an installed plugin without any entry; permissions of a plugin's row
// that are others than those which the newest entry about them has granted, as long as retention has kept that one.
//
// What cannot be found: what was done to entries before they were sealed (seconds after they were written); entries removed
// from the end, or all of a plugin and its row, by somebody who sets the head back as well and of whom no cursor and no anchor
// tells; other columns of a row, and of the versions that are kept; a change of a row together with a new entry about it;
// anything that somebody did who has the key. An anchor is a sequence and its link that was kept elsewhere: each line that
// a sink has taken is one.

import { AUDIT_EVENTS, requireWhole } from '../../policy/index.ts';
import type { AuditEntry, AuditHead, LifecycleStore, PluginRow } from '../../ports/lifecycle-store.ts';
import { isSameLink, linkOf, requireAuditKey } from './chain.ts';
import { loadCursor } from './cursor.ts';

/** What is wrong with the audit of a plugin. */
export type AuditProblemKind =
  /** An entry does not fit its link, or the link before it. */
  | 'wrongLink'
  /** An entry that should have a link has none. */
  | 'missingLink'
  /** Entries are missing before this one. */
  | 'gap'
  /** An entry stands twice, or in a wrong place. */
  | 'wrongOrder'
  /** Entries are missing at the end. */
  | 'truncated'
  /** The head says something else than the entries. */
  | 'wrongHead'
  /** Entries at the beginning are gone, and no entry says that they were to be removed. */
  | 'unrecordedRemoval'
  /** The plugin is installed, and nothing says how it came to be. */
  | 'noEntries'
  /** The plugin's row grants something else than the entries. */
  | 'wrongPermissions';

/** One thing that is wrong. */
export interface AuditProblem {
  readonly kind: AuditProblemKind;
  /** The entry at which it shows. */
  readonly sequence: number;
  readonly message: string;
}

/** The audit of one plugin, as it was found. */
export interface AuditChainCheck {
  readonly plugin: string;
  /** Entries whose links were checked. */
  readonly entries: number;
  /** Newer entries without a link yet: nothing protects them. */
  readonly unsealed: number;
  /** Entries that retention has removed. */
  readonly pruned: number;
  /** The first problem; undefined when all is well. */
  readonly problem: AuditProblem | undefined;
  /** All that were found, at most 100, by sequence. */
  readonly problems: readonly AuditProblem[];
}

/** What was found. */
export interface AuditReport {
  readonly isIntact: boolean;
  /** By name. */
  readonly chains: readonly AuditChainCheck[];
}

/** An entry that is known from elsewhere. */
export interface AuditAnchor {
  readonly plugin: string;
  readonly sequence: number;
  readonly mac: string;
}

/** What is checked. */
export interface VerifyAuditOptions {
  /** Default: all plugins that have ever had an entry. */
  readonly plugin?: string | undefined;
  /** Entries that are known from elsewhere; they must be there, unless retention has removed them. */
  readonly anchors?: readonly AuditAnchor[] | undefined;
  /** Names of sinks: what they have taken must be there. Default none. */
  readonly sinks?: readonly string[] | undefined;
  /** Entries that are read at once, 1 to 10,000. Default 1,000. */
  readonly pageSize?: number | undefined;
}

/** What a store gives at once; with less than was asked for, an audit would seem to end. */
const MOST_AT_ONCE = 10_000;
/** Permissions that a problem names. */
const MOST_SHOWN = 10;
/** Most problems of one plugin that are listed. */
const MOST_PROBLEMS = 100;

/**
 * Verifies the audit in a store. Changes nothing; the host may go on meanwhile.
 *
 * @param key bytes, or hexadecimal digits
 * @throws AUDIT_KEY_INVALID; InvalidOptionsError for a page size; what the store fails with
 */
export async function verifyAudit(
  store: LifecycleStore,
  key: Uint8Array | string,
  options: VerifyAuditOptions = {},
): Promise<AuditReport> {
  const secret = requireAuditKey(key);
  const { pageSize = 1_000 } = options;
  requireWhole('pageSize', pageSize, 1, MOST_AT_ONCE);
  const anchors = [...(options.anchors ?? []), ...(await anchorsOfSinks(store, secret, options.sinks ?? []))].filter(
    ({ plugin }) => options.plugin === undefined || plugin === options.plugin,
  );
  const heads = await headsOf(store);
  const rows = options.plugin === undefined ? await store.list() : [];
  const names =
    options.plugin === undefined
      ? [...heads.keys(), ...rows.map(({ slug }) => slug), ...anchors.map(({ plugin }) => plugin)]
      : [options.plugin];
  const chains: AuditChainCheck[] = [];
  for (const plugin of [...new Set(names)].sort()) {
    const known = anchors.filter((anchor) => anchor.plugin === plugin);
    chains.push(await checkChain({ store, key: secret, plugin, anchors: known, pageSize }));
  }
  return { isIntact: chains.every(({ problem }) => problem === undefined), chains };
}

interface ChainToCheck {
  readonly store: LifecycleStore;
  readonly key: Uint8Array;
  readonly plugin: string;
  readonly anchors: readonly AuditAnchor[];
  readonly pageSize: number;
}

/** What looks wrong may be the work of a host that goes on: then the head has moved, and it is looked at again. */
async function checkChain({ store, key, plugin, anchors, pageSize }: ChainToCheck): Promise<AuditChainCheck> {
  let head = (await headsOf(store)).get(plugin) ?? { ...NO_HEAD, plugin };
  for (let attempt = 1; ; attempt++) {
    const found = await new ChainCheck(key, head, anchors, await store.get(plugin)).run(store, pageSize);
    if (found.problem === undefined || attempt === ATTEMPTS) return found;
    const now = (await headsOf(store)).get(plugin) ?? { ...NO_HEAD, plugin };
    if (now.sealed === head.sealed && now.pruned === head.pruned && now.last === head.last) return found;
    head = now;
  }
}

async function headsOf(store: LifecycleStore): Promise<ReadonlyMap<string, AuditHead>> {
  return new Map((await store.auditHeads()).map((head) => [head.plugin, head]));
}

/** How often a chain is looked at that moves on. */
const ATTEMPTS = 5;
const NO_HEAD = { last: 0, sealed: 0, sealedMac: undefined, pruned: 0, prunedMac: undefined } as const;

async function anchorsOfSinks(
  store: LifecycleStore,
  key: Uint8Array,
  sinks: readonly string[],
): Promise<AuditAnchor[]> {
  const cursors = await Promise.all(sinks.map((sink) => loadCursor(store.snapshots, key, sink)));
  return cursors.flatMap(({ cursor }) => [...cursor].map(([plugin, delivered]) => ({ plugin, ...delivered })));
}

class ChainCheck {
  readonly #key: Uint8Array;
  readonly #head: AuditHead;
  readonly #anchors: readonly AuditAnchor[];
  readonly #problems: AuditProblem[] = [];
  #links = 0;
  #unsealed = 0;
  /** The entry before, and its link. */
  #last: number;
  #before: string | undefined;
  /** The furthest removal that an entry speaks of. */
  #recorded = 0;
  #sealedMac: string | undefined;
  readonly #row: PluginRow | undefined;
  /** What the newest entry about that has granted, and its place. */
  #granted: { readonly sequence: number; readonly permissions: readonly string[] } | undefined;

  constructor(key: Uint8Array, head: AuditHead, anchors: readonly AuditAnchor[], row: PluginRow | undefined) {
    this.#row = row;
    this.#key = key;
    this.#head = head;
    this.#anchors = anchors;
    this.#last = head.pruned;
    this.#before = head.prunedMac;
    this.#sealedMac = head.sealed === head.pruned ? head.prunedMac : undefined;
  }

  async run(store: LifecycleStore, pageSize: number): Promise<AuditChainCheck> {
    const { plugin, last } = this.#head;
    for (;;) {
      const from = this.#last;
      const page = await store.auditEntries(plugin, from, pageSize);
      for (const entry of page) this.#check(entry);
      // A store that gives nothing new has no more; what came in meanwhile is not looked at.
      if (page.length < pageSize || this.#last <= from || this.#last >= last) break;
    }
    this.#checkEnd();
    const problems = this.#problems.toSorted((one, other) => one.sequence - other.sequence);
    const { pruned } = this.#head;
    return { plugin, entries: this.#links, unsealed: this.#unsealed, pruned, problem: problems[0], problems };
  }

  #check(entry: AuditEntry): void {
    const { sequence, mac } = entry;
    const { plugin, sealed, last } = this.#head;
    if (sequence > last) return;
    if (entry.plugin !== plugin || sequence <= this.#last) {
      this.#found('wrongOrder', sequence, `entry ${sequence} stands behind entry ${this.#last}`);
    } else if (sequence > this.#last + 1) {
      this.#found('gap', this.#last + 1, `entries ${this.#last + 1} to ${sequence - 1} are missing`);
    }
    this.#last = Math.max(this.#last, sequence);
    const permissions = grantedBy(entry);
    if (permissions !== undefined) this.#granted = { sequence, permissions };
    if (sequence > sealed) {
      this.#unsealed++;
      if (mac !== undefined)
        this.#found('wrongHead', sequence, `entry ${sequence} has a link, and the head ends before it`);
      return;
    }
    this.#checkLink(entry);
  }

  #checkLink(entry: AuditEntry): void {
    const { sequence, mac } = entry;
    this.#links++;
    const isGenuine = isSameLink(mac, linkOf(this.#key, this.#before, entry));
    if (mac === undefined) this.#found('missingLink', sequence, `entry ${sequence} has no link`);
    else if (!isGenuine)
      this.#found('wrongLink', sequence, `entry ${sequence} does not fit its link or the one before`);
    // The link that is there: one change is one problem, or two, and not one for each entry behind it.
    this.#before = mac;
    if (sequence === this.#head.sealed) this.#sealedMac = mac;
    if (isGenuine && entry.event === AUDIT_EVENTS.pruned) {
      this.#recorded = Math.max(this.#recorded, Number(entry.data['upTo']) || 0);
    }
    for (const anchor of this.#anchors) {
      if (anchor.sequence !== sequence || anchor.mac === mac) continue;
      this.#found(
        'wrongLink',
        sequence,
        `entry ${sequence} has another link than the one that is known from elsewhere`,
      );
    }
  }

  #checkEnd(): void {
    const { sealed, sealedMac, last, pruned } = this.#head;
    const known = Math.max(sealed, ...this.#anchors.map(({ sequence }) => sequence));
    if (this.#last < last) {
      this.#found('truncated', this.#last + 1, `entries ${this.#last + 1} to ${last} are missing at the end`);
    } else if (last < known) {
      this.#found('truncated', last + 1, `entries ${last + 1} to ${known} are known from elsewhere, and missing`);
    } else if (sealed < known) {
      this.#found('wrongHead', sealed + 1, `entry ${known} was sealed once, and the head ends at entry ${sealed}`);
    }
    if (sealed > 0 && this.#last >= sealed && !isSameLink(this.#sealedMac, sealedMac ?? '')) {
      this.#found('wrongHead', sealed, `the head has another link than entry ${sealed}`);
    }
    if (pruned > this.#recorded) {
      this.#found('unrecordedRemoval', pruned, `entries up to ${pruned} are gone, and no entry says so`);
    }
    this.#checkRow();
  }

  #checkRow(): void {
    const row = this.#row;
    if (row === undefined) return;
    if (this.#head.last === 0) return this.#found('noEntries', 1, 'the plugin is installed, and there is no entry');
    if (this.#granted === undefined) return;
    const { sequence, permissions } = this.#granted;
    const isSame = JSON.stringify([...permissions].sort()) === JSON.stringify([...row.permissions].sort());
    if (isSame) return;
    const added = row.permissions.filter((one) => !permissions.includes(one));
    const removed = permissions.filter((one) => !row.permissions.includes(one));
    const difference = [...added.map((one) => `+ ${one}`), ...removed.map((one) => `- ${one}`)].slice(0, MOST_SHOWN);
    this.#found(
      'wrongPermissions',
      sequence,
      `the plugin's permissions are others than entry ${sequence} has granted: ${difference.join(', ')}`,
    );
  }

  #found(kind: AuditProblemKind, sequence: number, text: string): void {
    if (this.#problems.length >= MOST_PROBLEMS) return;
    this.#problems.push({ kind, sequence, message: `the audit of plugin "${this.#head.plugin}": ${text}` });
  }
}

/** What the plugin has been granted with the entry, all in all; undefined when it is not about that. */
function grantedBy({ event, data }: AuditEntry): readonly string[] | undefined {
  const granted =
    event === AUDIT_EVENTS.consented ? data['granted'] : GRANTING.has(event) ? data['permissions'] : undefined;
  return Array.isArray(granted) && granted.every((one) => typeof one === 'string') ? granted : undefined;
}

const GRANTING: ReadonlySet<string> = new Set([
  'plugin.installing',
  AUDIT_EVENTS.installed,
  AUDIT_EVENTS.updated,
  AUDIT_EVENTS.rolledBack,
]);
