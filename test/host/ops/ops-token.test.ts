import { describe, expect, it } from 'vitest';
import { hasToken } from '../../../src/host/ops/ops-token.ts';

const TOKEN = 'a'.repeat(64);

describe('hasToken', () => {
  it.each([
    ['authorization', `Bearer ${TOKEN}`],
    ['authorization', `bearer  ${TOKEN}`],
    ['dev-token', TOKEN],
  ])('finds the token in %s: %s', (name, value) => {
    expect(hasToken({ [name]: value }, TOKEN)).toBe(true);
  });

  it.each([
    {},
    { authorization: '' },
    { authorization: TOKEN },
    { authorization: `Basic ${TOKEN}` },
    { authorization: `Bearer ${TOKEN}x` },
    { authorization: `Bearer ${TOKEN.slice(1)}` },
    { 'dev-token': '' },
    { authorization: 'Bearer wrong', 'dev-token': TOKEN },
  ])('finds none in %j', (headers) => {
    expect(hasToken(headers as Record<string, string>, TOKEN)).toBe(false);
  });

  it.each([{}, { 'dev-token': '' }, { authorization: 'Bearer ' }])(
    'lets nobody in with an empty token: %j',
    (headers) => {
      expect(hasToken(headers as Record<string, string>, '')).toBe(false);
    },
  );
});
