import { describe, expect, it } from 'vitest';
import { AnsweringSide, AskingSide } from '../../src/stores/sqlite/flat-messages.ts';
import type { EngineReply, EngineRequest } from '../../src/stores/sqlite/sqlite-engine.ts';

const SQL = 'select name from items where id = ?';

describe('a statement', () => {
  it('passes with its text once, and by its number after that', () => {
    const asking = new AskingSide();

    const messages = [query(SQL, 1), query(SQL, 2)].map((request) => asking.encode([request]));

    expect(messages.map((message) => message.includes(SQL))).toEqual([true, false]);
  });

  it('keeps its text and its columns when 600 others pass, more than there are numbers', () => {
    const [asking, answering] = [new AskingSide(), new AnsweringSide()];

    const turns = Array.from({ length: 600 }, (_, index) => [query(SQL, index), query(`select ${index}`)]);
    const replies = turns.map((_, index) => [rows({ name: index }), rows({ [`column_${index}`]: index })]);
    const arrived = turns.map((requests) => answering.decode(asking.encode(requests)));
    const answered = replies.map((each, index) => asking.decode(answering.encode(turns[index] ?? [], each)));

    expect(arrived).toEqual(turns);
    expect(answered).toEqual(replies);
  });
});

describe('a message that is cut short', () => {
  it.each([0, 1, 3, 6])('is refused after %i values', (length) => {
    const message = new AskingSide().encode([query(SQL, 1)]).slice(0, length);

    expect(() => new AnsweringSide().decode(message)).toThrow('cannot be read');
  });
});

// Helpers

function query(sql: string, ...parameters: number[]): EngineRequest {
  return { kind: 'query', statement: { sql, parameters } };
}

function rows(row: Readonly<Record<string, number>>): EngineReply {
  return { kind: 'rows', rows: [row] };
}
