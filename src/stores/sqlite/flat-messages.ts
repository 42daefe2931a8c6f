// How requests and replies pass between the threads.
//
// Invariants:
//   F1. A message is one flat list of plain values. To copy it takes little more than to wake the other thread; records within
//       records take half as much again.
//   F2. The text of a statement and the names of its columns pass once. After that a number stands for them.
//   F3. Numbers are given anew only between two messages, and what a number stands for comes before its first use.

import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { BatchOutcome, BatchStatement, SqlRow, SqlStatement, SqlValue } from '../sql/executor.ts';
import type { EngineReply, EngineRequest } from './sqlite-engine.ts';

/** One message. */
export type FlatMessage = readonly SqlValue[];

// Statements are a fixed few; whoever sends others must not make this grow.
const MOST_NUMBERS = 256;
const NONE = -1;
const KINDS: readonly EngineRequest['kind'][] = ['query', 'batch'];
const REPLIES = ['rows', 'done', 'unmet', 'failed'] as const;

/** The side of whoever asks. */
export class AskingSide {
  readonly #statements = new Numbers();
  readonly #columns: (readonly string[])[] = [];

  encode(requests: readonly EngineRequest[]): FlatMessage {
    this.#statements.begin();
    const list: SqlValue[] = [requests.length];
    for (const request of requests) {
      const statements = request.kind === 'query' ? [request.statement] : request.statements;
      list.push(KINDS.indexOf(request.kind), statements.length);
      for (const statement of statements) this.#writeStatement(list, statement);
    }
    return list;
  }

  decode(message: FlatMessage): EngineReply[] {
    const from = new Reader(message);
    return Array.from({ length: from.number() }, () => this.#readReply(from));
  }

  #writeStatement(list: SqlValue[], { sql, parameters, expect }: BatchStatement): void {
    const { number, isNew } = this.#statements.of(sql);
    list.push(number);
    // F2.
    list.push(isNew ? sql : null, expect?.rows ?? null, expect?.else ?? null, parameters.length);
    for (const parameter of parameters) list.push(parameter);
  }

  #readReply(from: Reader): EngineReply {
    switch (REPLIES[from.number()]) {
      case 'rows':
        return { kind: 'rows', rows: this.#readRows(from) };
      case 'done': {
        const rows = Array.from({ length: from.number() }, () => this.#readRows(from));
        return { kind: 'outcome', outcome: { kind: 'done', rows } };
      }
      case 'unmet':
        return { kind: 'outcome', outcome: { kind: 'unmet', what: from.text() } };
      case 'failed':
        return { kind: 'failed', failure: { code: from.text() as Code, message: from.text() } };
      default:
        throw unreadable();
    }
  }

  #readRows(from: Reader): readonly SqlRow[] {
    const count = from.number();
    if (count === 0) return [];
    const number = from.number();
    const added = from.number();
    if (added !== NONE) this.#columns[number] = Array.from({ length: added }, () => from.text());
    const columns = this.#columns[number];
    if (columns === undefined) throw unreadable();
    return Array.from({ length: count }, () => {
      const row: Record<string, SqlValue> = {};
      for (const column of columns) row[column] = from.value();
      return row;
    });
  }
}

/** The side of the thread that answers. */
export class AnsweringSide {
  readonly #columns = new Numbers();
  readonly #statements: string[] = [];

  decode(message: FlatMessage): EngineRequest[] {
    const from = new Reader(message);
    return Array.from({ length: from.number() }, () => {
      const kind = KINDS[from.number()];
      const statements = Array.from({ length: from.number() }, () => this.#readStatement(from));
      if (kind === 'batch') return { kind, statements };
      const [statement] = statements;
      if (kind === undefined || statement === undefined) throw unreadable();
      return { kind, statement };
    });
  }

  /** The requests are those that are answered. */
  encode(requests: readonly EngineRequest[], replies: readonly EngineReply[]): FlatMessage {
    this.#columns.begin();
    const list: SqlValue[] = [replies.length];
    for (const [index, reply] of replies.entries()) {
      const request = requests[index];
      if (reply.kind === 'failed') list.push(REPLIES.indexOf('failed'), reply.failure.code, reply.failure.message);
      else if (reply.kind === 'rows') {
        list.push(REPLIES.indexOf('rows'));
        this.#writeRows(list, request?.kind === 'query' ? request.statement : undefined, reply.rows);
      } else this.#writeOutcome(list, request?.kind === 'batch' ? request.statements : [], reply.outcome);
    }
    return list;
  }

  #readStatement(from: Reader): BatchStatement {
    const number = from.number();
    const added = from.value();
    if (typeof added === 'string') this.#statements[number] = added;
    const sql = this.#statements[number];
    const rows = from.value();
    const otherwise = from.value();
    const parameters = from.values(from.number());
    if (sql === undefined) throw unreadable();
    if (typeof rows !== 'number' || typeof otherwise !== 'string') return { sql, parameters };
    return { sql, parameters, expect: { rows, else: otherwise } };
  }

  #writeOutcome(list: SqlValue[], statements: readonly SqlStatement[], outcome: BatchOutcome): void {
    if (outcome.kind === 'unmet') {
      list.push(REPLIES.indexOf('unmet'), outcome.what);
      return;
    }
    list.push(REPLIES.indexOf('done'), outcome.rows.length);
    for (const [index, rows] of outcome.rows.entries()) this.#writeRows(list, statements[index], rows);
  }

  #writeRows(list: SqlValue[], statement: SqlStatement | undefined, rows: readonly SqlRow[]): void {
    list.push(rows.length);
    const [first] = rows;
    if (first === undefined) return;
    // All rows of a statement have the same columns, in the same order.
    const { number, isNew } = this.#columns.of(statement?.sql ?? '');
    const columns = isNew ? Object.keys(first) : undefined;
    list.push(number, columns?.length ?? NONE);
    if (columns !== undefined) list.push(...columns);
    for (const row of rows) for (const value of Object.values(row)) list.push(value);
  }
}

/** Gives numbers to texts. */
class Numbers {
  readonly #known = new Map<string, number>();

  /** F3: to be called before each message. */
  begin(): void {
    if (this.#known.size >= MOST_NUMBERS) this.#known.clear();
  }

  of(text: string): { readonly number: number; readonly isNew: boolean } {
    const known = this.#known.get(text);
    if (known !== undefined) return { number: known, isNew: false };
    const number = this.#known.size;
    this.#known.set(text, number);
    return { number, isNew: true };
  }
}

/** Reads a message from its start. */
class Reader {
  readonly #message: FlatMessage;
  #at = 0;

  constructor(message: FlatMessage) {
    this.#message = message;
  }

  value(): SqlValue {
    const value = this.#message[this.#at];
    if (value === undefined) throw unreadable();
    this.#at += 1;
    return value;
  }

  values(count: number): readonly SqlValue[] {
    const from = this.#at;
    this.#at += count;
    return this.#message.slice(from, this.#at);
  }

  number(): number {
    const value = this.value();
    return typeof value === 'number' ? value : failUnreadable();
  }

  text(): string {
    const value = this.value();
    return typeof value === 'string' ? value : failUnreadable();
  }
}

function failUnreadable(): never {
  throw unreadable();
}

function unreadable(): RuntimeError {
  return new RuntimeError('INTERNAL', 'a message between the threads of a database cannot be read');
}
