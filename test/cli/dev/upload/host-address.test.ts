import { describe, expect, it } from 'vitest';
import { hostUrl, parseHost } from '../../../../src/cli/dev/upload/host-address.ts';

describe('parseHost', () => {
  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['https://example.org/sub/path//', 'https://example.org/sub/path'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('keeps the path of %s, without slashes at its end', (text, expected) => {
    expect(parseHost(text)).toBe(expected);
  });

  it.each(['localhost:8080', '/relative', '', 'ftp://example.org', 'http://user:pass@example.org', 'http://h/?a=b'])(
    'refuses %j, and never shows a password',
    (text) => {
      expect(() => parseHost(text)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
      expect(() => parseHost(text)).not.toThrow('pass@');
    },
  );
});

describe('hostUrl', () => {
  it('puts the path behind the subpath of the host', () => {
    const base = parseHost('http://h/sub/');

    expect(hostUrl({ base, token: undefined }, '/_/plugins/dev/install')).toBe('http://h/sub/_/plugins/dev/install');
    expect(hostUrl({ base, token: undefined }, '/x', { plugin: 'a b' })).toBe('http://h/sub/x?plugin=a+b');
  });
});
