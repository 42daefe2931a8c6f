// Statements that are built once and filled in often: building one takes longer than SQLite needs to run it.

import { sql } from 'kysely';
import type { Compilable, RawBuilder } from 'kysely';
import { RuntimeError } from '../../errors/index.ts';
import type { BatchStatement, SqlStatement, SqlValue } from './executor.ts';

/** What is filled in, by name. */
export type Bindings = Readonly<Record<string, SqlValue>>;

/** A statement with places that are still empty. */
export interface Template {
  readonly sql: string;
  /** In the order of the parameters: the name of what is filled in, or a value that is always the same. */
  readonly places: readonly (Slot | SqlValue)[];
}

/** Stands for a value while a statement is built. */
class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A place that is filled in later; for the builder it is a value of the type that is wanted there. */
export function slot<T extends SqlValue>(name: string): T {
  return new Slot(name) as never;
}

/** Builds a statement once. */
export function template(query: Compilable): Template {
  const { sql: text, parameters } = query.compile();
  return { sql: text, places: parameters as readonly (Slot | SqlValue)[] };
}

/** Fills a statement in. */
export function bind(from: Template, values: Bindings): SqlStatement {
  const parameters = from.places.map((place) => {
    if (!(place instanceof Slot)) return place;
    const value = values[place.name];
    if (value === undefined) throw new RuntimeError('INTERNAL', `nothing is given for the parameter "${place.name}"`);
    return value;
  });
  return { sql: from.sql, parameters };
}

/** Fills a statement of a batch in, of which one row is expected. */
export function expectOne(from: Template, values: Bindings, otherwise: string): BatchStatement {
  return { ...bind(from, values), expect: { rows: 1, else: otherwise } };
}

/** PostgreSQL cannot tell the type of a parameter that stands alone. */
export function asText(name: string): RawBuilder<string | null> {
  return sql<string | null>`cast(${slot<string>(name)} as text)`;
}

/** See `asText`. */
export function asWhole(name: string): RawBuilder<number> {
  return sql<number>`cast(${slot<number>(name)} as bigint)`;
}
