import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../../src/host/ops/allowed-host.ts';

const NONE = new Set<string>();

describe('isAllowedHost', () => {
  it.each([
    'localhost',
    'localhost:8080',
    'LOCALHOST',
    '127.0.0.1',
    '127.0.0.1:1',
    '127.1.2.3:80',
    '[::1]',
    '[::1]:8080',
  ])('lets %s through', (field) => {
    expect(isAllowedHost(field, NONE)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'example.com',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '127.example.com',
    'localhost:8080:1',
    'localhost/',
    'user@localhost',
    '169.254.1.1',
    '0.0.0.0',
    '[::2]',
    'localhost ',
    'localhost,example.com',
    'locälhost',
  ])('refuses %j', (field) => {
    expect(isAllowedHost(field, NONE)).toBe(false);
  });

  it('lets a further name through, with any port', () => {
    expect(isAllowedHost('troupe.internal:9', new Set(['troupe.internal']))).toBe(true);
  });
});
