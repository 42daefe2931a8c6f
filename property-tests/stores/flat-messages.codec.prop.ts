import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { SqlRow, SqlValue } from '../../src/stores/sql/executor.ts';
import { AnsweringSide, AskingSide } from '../../src/stores/sqlite/flat-messages.ts';
import type { EngineReply, EngineRequest } from '../../src/stores/sqlite/sqlite-engine.ts';

describe('messages between the threads of a database', () => {
  test.prop([fc.array(conversation(), { minLength: 1, maxLength: 6 })])(
    'arrive as they were sent, whatever was sent before them',
    (turns) => {
      const [asking, answering] = [new AskingSide(), new AnsweringSide()];
      for (const { requests, replies } of turns) {
        const arrived = answering.decode(structuredClone(asking.encode(requests)));
        const answered = asking.decode(structuredClone(answering.encode(arrived, replies)));

        expect(arrived).toEqual(requests);
        expect(answered).toEqual(replies);
      }
    },
  );
});

// Helpers

interface Turn {
  readonly requests: EngineRequest[];
  readonly replies: EngineReply[];
}

/** Requests with a reply each; the columns of a statement follow from its text. */
function conversation(): fc.Arbitrary<Turn> {
  return fc.array(exchange(), { maxLength: 5 }).map((exchanges) => ({
    requests: exchanges.map(({ request }) => request),
    replies: exchanges.map(({ reply }) => reply),
  }));
}

function exchange(): fc.Arbitrary<{ readonly request: EngineRequest; readonly reply: EngineReply }> {
  const query = answered().map(({ statement, rows }) => ({
    request: { kind: 'query' as const, statement },
    reply: { kind: 'rows' as const, rows },
  }));
  const batch = fc
    .tuple(fc.array(fc.tuple(answered(), expectation()), { maxLength: 4 }), fc.option(fc.string(), { nil: undefined }))
    .map(([parts, what]) => ({
      request: {
        kind: 'batch' as const,
        statements: parts.map(([{ statement }, expected]) => ({ ...statement, ...expected })),
      },
      reply: {
        kind: 'outcome' as const,
        outcome:
          what === undefined
            ? { kind: 'done' as const, rows: parts.map(([{ rows }]) => rows) }
            : { kind: 'unmet' as const, what },
      },
    }));
  const failure = fc.record({
    code: fc.constantFrom('STORE_LOCKED' as const, 'INTERNAL' as const),
    message: fc.string(),
  });
  const failed = fc.tuple(query, failure).map(([{ request }, told]) => ({
    request,
    reply: { kind: 'failed' as const, failure: told },
  }));
  return fc.oneof(query, batch, failed);
}

function answered() {
  return fc.integer({ min: 0, max: 9 }).chain((number) => {
    const columns = Array.from({ length: 1 + (number % 4) }, (_, index) => `column_${number}_${index}`);
    const row = fc
      .tuple(...columns.map(() => value()))
      .map((values): SqlRow => Object.fromEntries(columns.map((column, index) => [column, values[index] as SqlValue])));
    return fc.record({
      statement: fc.record({
        sql: fc.constant(`statement ${number}`),
        parameters: fc.array(value(), { maxLength: 4 }),
      }),
      rows: fc.array(row, { maxLength: 3 }),
    });
  });
}

function expectation() {
  const expected = fc.record({ rows: fc.integer({ min: 0, max: 3 }), else: fc.string() });
  return fc.oneof(
    fc.constant({}),
    expected.map((expect) => ({ expect })),
  );
}

function value(): fc.Arbitrary<SqlValue> {
  return fc.oneof(fc.string(), fc.maxSafeInteger(), fc.constant(null), fc.uint8Array({ maxLength: 8 }));
}
