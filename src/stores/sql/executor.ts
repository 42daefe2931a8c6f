// What a database has to do for the stores: read, and change several things as a whole.
//
// Invariants:
//   X1. A batch happens as a whole or not at all. It is given at once: nothing that is locked waits for what its caller
//       does next.
//   X2. A batch stops at the first expectation that is not met, and changes nothing then.
//   X3. When a batch resolves to `done`, it lasts. A rejection leaves open whether it happened.

/** What goes into a database, and comes out. Whole numbers only. */
export type SqlValue = string | number | null | Uint8Array;

/** One row as it comes out. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A statement with its parameters. */
export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** A statement of a batch. */
export interface BatchStatement extends SqlStatement {
  /**
   * How many rows it must hand out or change; else the batch is called off with the word `else`. So is one that would
   * leave two rows where a unique index allows one.
   */
  readonly expect?: { readonly rows: number; readonly else: string };
}

/** What became of a batch. */
export type BatchOutcome =
  | { readonly kind: 'done'; readonly rows: readonly (readonly SqlRow[])[] }
  | { readonly kind: 'unmet'; readonly what: string };

/** How a batch is run. */
export interface BatchOptions {
  /**
   * Whether it goes before what waits, and no bound on that refuses it. For what must happen in time, however busy the
   * database is, and is bounded by who asks: leases. Default false.
   */
  readonly isUrgent?: boolean;
}

/** Runs statements. All errors have codes. */
export interface SqlExecutor {
  query(statement: SqlStatement): Promise<readonly SqlRow[]>;
  batch(statements: readonly BatchStatement[], options?: BatchOptions): Promise<BatchOutcome>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}
