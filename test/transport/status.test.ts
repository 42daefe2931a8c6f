import { describe, expect, it } from 'vitest';
import { DeadlineExceededError, RuntimeError } from '../../src/errors/index.ts';
import { errorOfStatus, MAX_STATUS_TEXT, statusOf } from '../../src/transport/status.ts';

const CALL = { path: '/a.B/C', maxReceiveBytes: 100 };

describe('statusOf', () => {
  it.each([
    [new RuntimeError('NOT_FOUND', 'no such key'), { code: 5, details: 'no such key' }],
    [new RuntimeError('PLUGIN_UNAVAILABLE', 'restarting'), { code: 14, details: 'restarting' }],
    [new TypeError('boom'), { code: 2, details: 'boom' }],
    [Object.assign(new Error('5 NOT_FOUND: x'), { code: 5, details: 'x' }), { code: 5, details: 'x' }],
    ['text', { code: 2, details: 'a value that is no error was thrown: text' }],
  ])('answers %s with its status', (error, status) => {
    expect(statusOf(error)).toEqual(status);
  });

  it('cuts a text at 2,048 characters and repairs what cannot be sent', () => {
    expect(statusOf(new Error('x'.repeat(5_000))).details).toHaveLength(MAX_STATUS_TEXT);
    expect(statusOf(new Error('\ud800')).details).toBe('\ufffd');
  });
});

describe('errorOfStatus', () => {
  it('names the call and the limit when a deadline passed', () => {
    const error = errorOfStatus({ code: 4, details: 'Deadline exceeded after 0.1s' }, { ...CALL, timeoutMs: 100 });

    expect(error).toBeInstanceOf(DeadlineExceededError);
    expect(error.rawMessage).toBe('call /a.B/C did not finish within 100 ms');
  });

  it("keeps the text of a deadline of the peer's own", () => {
    const error = errorOfStatus({ code: 4, details: 'the database was slow' }, { ...CALL, timeoutMs: 100 });

    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', rawMessage: 'the database was slow' });
  });

  it.each(['Received message larger than max (500 vs 100)', 'grpc: received message larger than max (500 vs. 100)'])(
    'explains "%s"',
    (details) => {
      expect(errorOfStatus({ code: 8, details }, CALL)).toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
        rawMessage: expect.stringMatching(/500 bytes exceeds its receiver's limit of 100 bytes/),
      });
    },
  );

  it('keeps the text of other exhausted resources, and never has an empty one', () => {
    expect(errorOfStatus({ code: 8, details: 'quota' }, CALL).rawMessage).toBe('quota');
    expect(errorOfStatus({ code: 13, details: '' }, CALL).rawMessage).toBe('call /a.B/C failed');
  });

  it('takes a status that gRPC does not define as UNKNOWN', () => {
    expect(errorOfStatus({ code: 99, details: 'odd' }, CALL)).toMatchObject({ code: 'UNKNOWN', rawMessage: 'odd' });
  });
});
