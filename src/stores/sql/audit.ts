import { RuntimeError } from '../../errors/index.ts';
import type { AuditEntry, AuditHead } from '../../ports/lifecycle-store.ts';
import { requirePrunable } from '../check.ts';
import type { SqlDialect } from './dialect.ts';
import type { BatchStatement, SqlExecutor } from './executor.ts';
import { toAuditEntry, toAuditHead } from './rows.ts';
import { asWhole, bind, expectOne, slot, template } from './template.ts';
import type { Template } from './template.ts';

const MOVED = 'moved';
const GAP = 'gap';

/** The part of a store that has the audit. */
export class SqlAudit {
  readonly #executor: SqlExecutor;
  readonly #templates: AuditReadTemplates;

  constructor(executor: SqlExecutor, dialect: SqlDialect) {
    this.#executor = executor;
    this.#templates = { ...readTemplates(dialect), ...sealTemplates(dialect), ...pruneTemplates(dialect) };
  }

  async heads(): Promise<AuditHead[]> {
    return (await this.#executor.query(bind(this.#templates.heads, {}))).map(toAuditHead);
  }

  async entries(plugin: string, after: number, limit: number): Promise<AuditEntry[]> {
    const rows = await this.#executor.query(bind(this.#templates.entries, { plugin, after, limit }));
    return rows.map(toAuditEntry);
  }

  async seal(head: AuditHead, macs: readonly string[]): Promise<boolean> {
    const { plugin, sealed } = head;
    const moved = { plugin, sealed, upTo: sealed + macs.length, mac: macs.at(-1) ?? null };
    const links = macs.map((mac, index): BatchStatement => {
      return expectOne(this.#templates.setLink, { plugin, sequence: sealed + index + 1, mac }, GAP);
    });
    const outcome = await this.#executor.batch([expectOne(this.#templates.sealHead, moved, MOVED), ...links]);
    if (outcome.kind === 'done') return true;
    if (outcome.what === MOVED) return false;
    throw new RuntimeError('STORE_CORRUPTED', `the audit of plugin "${plugin}" has a gap after entry ${sealed}`);
  }

  async prune(head: AuditHead, upTo: number): Promise<boolean> {
    const { plugin, pruned } = head;
    const place = { plugin, upTo };
    const outcome = await this.#executor.batch([
      expectOne(this.#templates.pruneHead, { ...place, pruned }, MOVED),
      bind(this.#templates.forgetCommits, place),
      bind(this.#templates.removeEntries, place),
    ]);
    if (outcome.kind === 'done') return true;
    const [row] = await this.#executor.query(bind(this.#templates.head, { plugin }));
    const now = row && toAuditHead(row);
    if (now !== undefined && now.pruned === pruned) requirePrunable(head, now.sealed, upTo);
    return false;
  }
}

interface AuditReadTemplates {
  readonly heads: Template;
  readonly head: Template;
  readonly entries: Template;
  readonly sealHead: Template;
  readonly setLink: Template;
  readonly pruneHead: Template;
  readonly forgetCommits: Template;
  readonly removeEntries: Template;
}

function readTemplates({ db }: SqlDialect): Pick<AuditReadTemplates, 'heads' | 'head' | 'entries'> {
  const entries = db
    .selectFrom('audit')
    .selectAll()
    .where('plugin', '=', slot<string>('plugin'))
    .where('sequence', '>', slot<number>('after'))
    .orderBy('sequence')
    .limit(asWhole('limit'));
  const heads = db.selectFrom('audit_heads').selectAll();
  return {
    heads: template(heads.orderBy('plugin')),
    head: template(heads.where('plugin', '=', slot<string>('plugin'))),
    entries: template(entries),
  };
}

function sealTemplates({ db }: SqlDialect): Pick<AuditReadTemplates, 'sealHead' | 'setLink'> {
  const sealHead = db
    .updateTable('audit_heads')
    .set({ sealed: slot<number>('upTo'), sealed_mac: slot<string>('mac') })
    .where('plugin', '=', slot<string>('plugin'))
    .where('sealed', '=', slot<number>('sealed'))
    .where('last', '>=', slot<number>('upTo'));
  const setLink = db
    .updateTable('audit')
    .set({ mac: slot<string>('mac') })
    .where('plugin', '=', slot<string>('plugin'))
    .where('sequence', '=', slot<number>('sequence'));
  return { sealHead: template(sealHead), setLink: template(setLink) };
}

function pruneTemplates({ db }: SqlDialect): Pick<AuditReadTemplates, 'pruneHead' | 'forgetCommits' | 'removeEntries'> {
  const plugin = slot<string>('plugin');
  const upTo = slot<number>('upTo');
  const link = db.selectFrom('audit').select('mac').where('plugin', '=', plugin).where('sequence', '=', upTo);
  const pruneHead = db
    .updateTable('audit_heads')
    .set({ pruned: upTo, pruned_mac: link })
    .where('plugin', '=', plugin)
    .where('pruned', '=', slot<number>('pruned'))
    .where('pruned', '<', upTo)
    .where('sealed', '>=', upTo);
  const removed = db.selectFrom('audit').where('plugin', '=', plugin).where('sequence', '<=', upTo);
  const forgetCommits = db.deleteFrom('commits').where('id', 'in', removed.select('commit_id'));
  const removeEntries = db.deleteFrom('audit').where('plugin', '=', plugin).where('sequence', '<=', upTo);
  return {
    pruneHead: template(pruneHead),
    forgetCommits: template(forgetCommits),
    removeEntries: template(removeEntries),
  };
}
