import { sql } from 'kysely';
import type { Lease } from '../../ports/lifecycle-store.ts';
import type { SqlDialect } from './dialect.ts';
import type { SqlExecutor } from './executor.ts';
import { whole } from './rows.ts';
import { asWhole, bind, slot, template } from './template.ts';
import type { Template } from './template.ts';

/** A lease that is renewed too late is lost, and what runs under it is stopped. */
const URGENT = { isUrgent: true } as const;

/** The part of a store that has the leases. Rows stay, so that tokens grow on. */
export class SqlLeases {
  readonly #executor: SqlExecutor;
  readonly #templates: LeaseTemplates;

  constructor(executor: SqlExecutor, dialect: SqlDialect) {
    this.#executor = executor;
    this.#templates = leaseTemplates(dialect);
  }

  acquire(name: string, owner: string, ttlMs: number): Promise<Lease | undefined> {
    return this.#take(this.#templates.acquire, { name, owner, ttlMs });
  }

  renew({ name, owner, token }: Lease, ttlMs: number): Promise<Lease | undefined> {
    return this.#take(this.#templates.renew, { name, owner, token, ttlMs });
  }

  async release({ name, owner, token }: Lease): Promise<void> {
    await this.#executor.batch([bind(this.#templates.release, { name, owner, token })], URGENT);
  }

  async #take(
    from: Template,
    wanted: { readonly name: string; readonly owner: string; readonly ttlMs: number; readonly token?: number },
  ): Promise<Lease | undefined> {
    const { name, owner, ttlMs, token = null } = wanted;
    const outcome = await this.#executor.batch([bind(from, { name, owner, ttlMs, token })], URGENT);
    const row = outcome.kind === 'done' ? outcome.rows[0]?.[0] : undefined;
    return row && { name, owner, token: whole(row, 'token'), ttlMs };
  }
}

interface LeaseTemplates {
  readonly acquire: Template;
  readonly renew: Template;
  readonly release: Template;
}

function leaseTemplates({ db, now }: SqlDialect): LeaseTemplates {
  const expiry = sql<number>`${now} + ${asWhole('ttlMs')}`;
  const acquire = db
    .insertInto('leases')
    .values({
      name: slot<string>('name'),
      owner: slot<string>('owner'),
      token: sql<number>`1`,
      expires_at: expiry,
    })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((builder) => {
          const isHeld = builder.and([
            builder('leases.owner', '=', builder.ref('excluded.owner')),
            builder('leases.expires_at', '>', now),
          ]);
          return {
            token: builder
              .case()
              .when(isHeld)
              .then(builder.ref('leases.token'))
              .else(builder('leases.token', '+', sql<number>`1`))
              .end(),
            owner: builder.ref('excluded.owner'),
            expires_at: builder.ref('excluded.expires_at'),
          };
        })
        .where((builder) =>
          builder.or([
            builder('leases.owner', '=', builder.ref('excluded.owner')),
            builder('leases.expires_at', '<=', now),
          ]),
        ),
    )
    .returning('token');
  const held = { name: slot<string>('name'), owner: slot<string>('owner'), token: slot<number>('token') };
  const own = db.updateTable('leases').where((builder) => builder.and(held));
  return {
    acquire: template(acquire),
    renew: template(own.set({ expires_at: expiry }).where('expires_at', '>', now).returning('token')),
    release: template(own.set({ expires_at: sql<number>`0` })),
  };
}
