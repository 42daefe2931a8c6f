import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { CODES, codeOfGrpcStatus, isRuntimeError, RuntimeError } from '../../src/errors/index.ts';
import type { Code } from '../../src/errors/index.ts';

const STATUSES = Object.entries(status).filter((entry): entry is [string, number] => typeof entry[1] === 'number');

describe('RuntimeError', () => {
  it('prints its code in front of the text', () => {
    const error = new RuntimeError('NAME_TAKEN', 'plugin "kv" exists');

    expect(String(error)).toBe('RuntimeError: [NAME_TAKEN] plugin "kv" exists');
    expect(error.rawMessage).toBe('plugin "kv" exists');
  });

  it('takes retryable from the table of codes', () => {
    expect(new RuntimeError('UNAVAILABLE', 'x').retryable).toBe(true);
    expect(new RuntimeError('NOT_FOUND', 'x').retryable).toBe(false);
  });

  it('has a cause only when one was given, also when that is undefined', () => {
    expect('cause' in new RuntimeError('INTERNAL', 'x')).toBe(false);
    expect('cause' in new RuntimeError('INTERNAL', 'x', { cause: undefined })).toBe(true);
  });

  it('has empty details when none were given', () => {
    expect(new RuntimeError('INTERNAL', 'x').details).toEqual({});
  });
});

describe('RuntimeError.from', () => {
  it('gives a RuntimeError back unchanged', () => {
    const error = new RuntimeError('HOST_STOPPED', 'the host was stopped');

    expect(RuntimeError.from(error, 'UNKNOWN')).toBe(error);
  });

  it('turns the status of a gRPC error into the code of the same name', () => {
    const reason = Object.assign(new Error('5 NOT_FOUND: no such key'), { code: 5, details: 'no such key' });

    const error = RuntimeError.from(reason);

    expect([error.code, error.rawMessage, error.cause]).toEqual(['NOT_FOUND', 'no such key', reason]);
  });

  it('keeps the message of a gRPC error without details', () => {
    const reason = Object.assign(new Error('14 UNAVAILABLE: '), { code: 14, details: '' });

    expect(RuntimeError.from(reason).message).toBe('[UNAVAILABLE] 14 UNAVAILABLE: ');
  });

  it.each([0, 17, -1, 1.5])('takes the fallback for the number %s, which is no status of a failure', (code) => {
    expect(RuntimeError.from(Object.assign(new Error('x'), { code }), 'SPAWN_FAILED').code).toBe('SPAWN_FAILED');
  });

  it('has a text whatever the fields of the error are', () => {
    const unreadable = Object.defineProperty(new Error(), 'message', {
      get() {
        throw new Error('nobody may read this');
      },
    });

    const texts = [unreadable, Object.assign(new Error(), { message: { toString: 0 } })].map(
      (reason) => RuntimeError.from(reason, 'UNKNOWN').message,
    );

    expect(texts).toEqual(['[UNKNOWN] an error without a readable text', '[UNKNOWN] object']);
  });

  it('does not take the code of a system error for a status', () => {
    const error = RuntimeError.from(Object.assign(new Error('spawn kv ENOENT'), { code: 'ENOENT', errno: -2 }));

    expect([error.code, error.rawMessage]).toEqual(['INTERNAL', 'spawn kv ENOENT']);
  });

  it.each([
    ['a string', 'a string'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
  ])('wraps %o, which is no error', (reason, text) => {
    const error = RuntimeError.from(reason);

    expect(error.message).toBe(`[INTERNAL] a value that is no error was thrown: ${text}`);
    expect(error.cause).toBe(reason);
  });
});

describe('isRuntimeError', () => {
  it('recognises the errors of another copy of the package', async () => {
    const copy = '../../src/errors/runtime-error.ts?copy';
    const other = (await import(/* @vite-ignore */ copy)) as { RuntimeError: typeof RuntimeError };

    const error = new other.RuntimeError('UNAVAILABLE', 'x');

    expect(error).not.toBeInstanceOf(RuntimeError);
    expect(isRuntimeError(error)).toBe(true);
    expect(RuntimeError.from(error)).toBe(error);
  });

  it.each([
    new Error('[INTERNAL] x'),
    Object.assign(new Error('x'), { code: 'INTERNAL', rawMessage: 'x' }),
    { [Symbol.for('troupe.RuntimeError')]: true },
    undefined,
    null,
    'x',
  ])('does not recognise %o', (value) => {
    expect(isRuntimeError(value)).toBe(false);
  });
});

describe('CODES', () => {
  it.each(STATUSES.filter(([, number]) => number > 0))('has a code for the gRPC status %s (%i)', (name, number) => {
    expect(codeOfGrpcStatus(number)).toBe(name);
    expect(CODES[name as Code].grpc).toBe(number);
  });

  it('has no code for OK', () => {
    expect(codeOfGrpcStatus(status.OK)).toBeUndefined();
  });

  it.each(Object.entries(CODES))('gives %s a gRPC status and a line of documentation', (code, info) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(STATUSES.map(([, number]) => number).filter((number) => number > 0)).toContain(info.grpc);
    expect(info.meaning).toMatch(/^[^\n|]*[^\n|.]$/);
  });
});
