import { sql } from 'kysely';
import type { AuditDraft, LifecycleCommit } from '../../ports/lifecycle-store.ts';
import { byBytes } from '../byte-order.ts';
import { auditDataText } from '../check.ts';
import type { SqlDialect } from './dialect.ts';
import type { BatchStatement } from './executor.ts';
import { asText, asWhole, bind, slot, template } from './template.ts';
import type { Bindings, Template } from './template.ts';

const ENTRY_COLUMNS = [
  'plugin',
  'sequence',
  'at',
  'event',
  'severity',
  'principal_kind',
  'principal_label',
  'data',
  'commit_id',
] as const;

/** The statements that write the audit. */
export interface AuditTemplates {
  readonly growHead: Template;
  readonly addEntry: Template;
  /** Both at once, for a single entry; undefined where a statement writes one table only. */
  readonly addSingle: Template | undefined;
}

/** Builds the statements that write the audit. */
export function auditTemplates(dialect: SqlDialect): AuditTemplates {
  const addSingle = dialect.kind === 'sqlite' ? undefined : addSingleEntry(dialect);
  return { growHead: template(growHead(dialect.db)), addEntry: addEntry(dialect), addSingle };
}

/** Lengthens the audit of each plugin that the commit is about, by as many entries as there are for it. */
export function auditStatements(templates: AuditTemplates, { id, audit }: LifecycleCommit): BatchStatement[] {
  const plugins = [...new Set(audit.map(({ plugin }) => plugin))].sort(byBytes);
  return plugins.flatMap((plugin) => {
    const drafts = audit.filter((draft) => draft.plugin === plugin);
    const [single] = drafts;
    if (templates.addSingle !== undefined && single !== undefined && drafts.length === 1) {
      return [bind(templates.addSingle, { ...entryBindings(single, id, 0), count: 1 })];
    }
    const grown = bind(templates.growHead, { plugin, count: drafts.length });
    const last = drafts.length - 1;
    return [grown, ...drafts.map((draft, at) => bind(templates.addEntry, entryBindings(draft, id, last - at)))];
  });
}

function entryBindings(draft: AuditDraft, id: string, fromLast: number): Bindings {
  const { event, plugin, principal, severity, data } = draft;
  const { kind, label } = principal;
  return { event, plugin, severity, kind, label, data: auditDataText(data), id, fromLast };
}

function growHead(db: Pick<SqlDialect['db'], 'insertInto'>) {
  const begun = { sealed: sql<number>`0`, pruned: sql<number>`0` };
  return db
    .insertInto('audit_heads')
    .values({ plugin: slot<string>('plugin'), last: slot<number>('count'), ...begun })
    .onConflict((conflict) =>
      conflict.column('plugin').doUpdateSet((builder) => ({
        last: builder('audit_heads.last', '+', builder.ref('excluded.last')),
      })),
    );
}

function addEntry({ db, now }: SqlDialect): Template {
  const head = db.selectFrom('audit_heads').where('plugin', '=', slot<string>('plugin'));
  return template(
    db
      .insertInto('audit')
      .columns(ENTRY_COLUMNS)
      .expression(head.select(entryColumns(now))),
  );
}

function addSingleEntry({ db, now }: SqlDialect): Template {
  const query = db
    .with('head', (builder) => growHead(builder).returning(['plugin', 'last']))
    .insertInto('audit')
    .columns(ENTRY_COLUMNS)
    .expression((builder) => builder.selectFrom('head').select(entryColumns(now)));
  return template(query);
}

/** An entry, selected from its head as that is when the entry counts. */
function entryColumns(now: SqlDialect['now']) {
  return [
    sql<string>`plugin`.as('plugin'),
    sql<number>`last - ${asWhole('fromLast')}`.as('sequence'),
    now.as('at'),
    asText('event').as('event'),
    asText('severity').as('severity'),
    asText('kind').as('principal_kind'),
    asText('label').as('principal_label'),
    asText('data').as('data'),
    asText('id').as('commit_id'),
  ] as const;
}
