import { describe, expect, it } from 'vitest';

import { addressProblem, MAX_UNIX_PATH_BYTES } from '../../../src/transport/go-plugin/listen-address.ts';

describe('addressProblem of unix paths', () => {
  it.each([['/tmp/plugin2979513784'], ['/'], [`/${'x'.repeat(MAX_UNIX_PATH_BYTES - 1)}`], ['/with space/größe\t']])(
    'accepts %j',
    (path) => {
      expect(addressProblem('unix', path)).toBeUndefined();
    },
  );

  it.each([
    ['', 'is not an absolute path'],
    ['tmp/plugin1', 'is not an absolute path'],
    ['@abstract', 'is not an absolute path'],
    ['/tmp/a\0b', 'contains a character that an address cannot have'],
    ['/tmp/a|b', 'contains a character that an address cannot have'],
    ['/tmp/a\nb', 'contains a character that an address cannot have'],
    ['/tmp/a\rb', 'contains a character that an address cannot have'],
    ['/tmp/a\u2028b', 'contains a character that an address cannot have'],
    ['/tmp/\ud800', 'is not valid text'],
    [
      `/${'x'.repeat(MAX_UNIX_PATH_BYTES)}`,
      `has ${MAX_UNIX_PATH_BYTES + 1} bytes, a unix socket's path has at most ${MAX_UNIX_PATH_BYTES}`,
    ],
  ])('refuses %j', (path, problem) => {
    expect(addressProblem('unix', path)).toBe(problem);
  });

  it('counts bytes, not characters', () => {
    expect(addressProblem('unix', `/${'ß'.repeat(60)}`)).toContain('has 121 bytes');
  });

  it('takes the limit of another operating system', () => {
    const path = `/${'x'.repeat(103)}`;

    expect(addressProblem('unix', path, { maxUnixPathBytes: 107 })).toBeUndefined();
    expect(addressProblem('unix', path, { maxUnixPathBytes: 103 })).toContain('has 104 bytes');
  });
});

describe('addressProblem of tcp addresses', () => {
  it.each([['127.0.0.1:1234'], ['127.255.1.2:65535'], ['127.0.0.1:1'], ['[::1]:1234'], ['[0:0:0:0:0:0:0:1]:80']])(
    'accepts the loopback address %s',
    (address) => {
      expect(addressProblem('tcp', address)).toBeUndefined();
    },
  );

  it.each([['10.0.0.1:80'], ['0.0.0.0:80'], ['[::]:80'], ['[fe80::1]:80'], ['[::ffff:10.0.0.1]:80'], ['128.0.0.1:80']])(
    'accepts %s only with allowRemote',
    (address) => {
      expect(addressProblem('tcp', address)).toBe('is not a loopback address');
      expect(addressProblem('tcp', address, { allowRemote: true })).toBeUndefined();
    },
  );

  it.each([
    ['127.0.0.1', 'is not of the form ip:port or [ip]:port'],
    ['127.0.0.1:', 'is not of the form ip:port or [ip]:port'],
    ['127.0.0.1:0', 'is not of the form ip:port or [ip]:port'],
    ['127.0.0.1:080', 'is not of the form ip:port or [ip]:port'],
    ['127.0.0.1:-1', 'is not of the form ip:port or [ip]:port'],
    ['localhost:80', 'is not of the form ip:port or [ip]:port'],
    ['example.org:80', 'is not of the form ip:port or [ip]:port'],
    ['::1:80', 'is not of the form ip:port or [ip]:port'],
    ['[::1%lo]:80', 'is not of the form ip:port or [ip]:port'],
    [' 127.0.0.1:80', 'is not of the form ip:port or [ip]:port'],
    ['127.0.0.1:65536', 'has a port above 65535'],
    ['127.1:80', 'has no valid IP address'],
    ['127.0.0.01:80', 'has no valid IP address'],
    ['[127.0.0.1]:80', 'has no valid IP address'],
    ['[:::1]:80', 'has no valid IP address'],
  ])('refuses %j even with allowRemote', (address, problem) => {
    expect(addressProblem('tcp', address, { allowRemote: true })).toBe(problem);
  });
});
