import { describe, expect, it } from 'vitest';

import { InvalidOptionsError, RuntimeError } from '../../../src/errors/index.ts';
import {
  HANDSHAKE_VARIABLES,
  handshakeEnvironment,
  readHandshakeEnvironment,
} from '../../../src/transport/go-plugin/handshake-environment.ts';

const COOKIE = { cookieKey: 'BASIC_PLUGIN', cookieValue: 'hello' };
const OPTIONS = { ...COOKIE, versions: [1, 2], socketDirectory: '/tmp/plugin-dir1' };
const PEM = '-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n';

describe('handshakeEnvironment', () => {
  it('writes the ports 10000 and 25000 unless told otherwise', () => {
    expect(handshakeEnvironment(OPTIONS)).toEqual({
      BASIC_PLUGIN: 'hello',
      PLUGIN_PROTOCOL_VERSIONS: '1,2',
      PLUGIN_MIN_PORT: '10000',
      PLUGIN_MAX_PORT: '25000',
      PLUGIN_UNIX_SOCKET_DIR: '/tmp/plugin-dir1',
    });
  });

  it('writes the group and the certificate when they are given', () => {
    const environment = handshakeEnvironment({ ...OPTIONS, socketGroup: 'daemon', clientCertificatePem: PEM });

    expect(environment).toMatchObject({ PLUGIN_UNIX_SOCKET_GROUP: 'daemon', PLUGIN_CLIENT_CERT: PEM });
  });

  it('writes no variable that is not in HANDSHAKE_VARIABLES, and never multiplexing', () => {
    const environment = handshakeEnvironment({ ...OPTIONS, socketGroup: 'daemon', clientCertificatePem: PEM });

    const expected = ['BASIC_PLUGIN', ...HANDSHAKE_VARIABLES.filter((name) => name !== 'PLUGIN_MULTIPLEX_GRPC')];
    expect(Object.keys(environment).sort()).toEqual(expected.sort());
  });

  it.each([
    ['cookieKey', { cookieKey: '' }],
    ['cookieKey', { cookieKey: 'A=B' }],
    ['cookieKey', { cookieKey: 'A\0B' }],
    ['cookieKey', { cookieKey: 'PLUGIN_CLIENT_CERT' }],
    ['cookieValue', { cookieValue: '' }],
    ['cookieValue', { cookieValue: 'a\0b' }],
    ['versions', { versions: [] }],
    ['versions', { versions: [1, -1] }],
    ['versions', { versions: [1.5] }],
    ['minPort', { minPort: -1 }],
    ['minPort', { minPort: 2, maxPort: 1 }],
    ['maxPort', { maxPort: 65_536 }],
    ['socketDirectory', { socketDirectory: 'relative' }],
    ['socketDirectory', { socketDirectory: '/a\0b' }],
    ['socketGroup', { socketGroup: 'a\0b' }],
    ['clientCertificatePem', { clientCertificatePem: 'a\0b' }],
  ])('names the option %s in %j', (field, change) => {
    expect(() => handshakeEnvironment({ ...OPTIONS, ...change })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', field }),
    );
  });
});

describe('readHandshakeEnvironment', () => {
  it('reads back what a host wrote', () => {
    const environment = handshakeEnvironment({ ...OPTIONS, socketGroup: 'daemon', clientCertificatePem: PEM });

    expect(readHandshakeEnvironment(environment, COOKIE)).toEqual({
      versions: [1, 2],
      minPort: 10_000,
      maxPort: 25_000,
      socketDirectory: '/tmp/plugin-dir1',
      socketGroup: 'daemon',
      hostCertificatePem: PEM,
      multiplexAsked: false,
      ignored: [],
    });
  });

  it('reads the cookie alone as no versions and any port', () => {
    expect(readHandshakeEnvironment({ BASIC_PLUGIN: 'hello' }, COOKIE)).toEqual({
      versions: [],
      minPort: 0,
      maxPort: 0,
      multiplexAsked: false,
      ignored: [],
    });
  });

  it.each([
    ['', [], []],
    ['2,1,2', [2, 1], []],
    [' 1 , 2', [1, 2], []],
    ['1,x,2', [1, 2], ['PLUGIN_PROTOCOL_VERSIONS names "x", which is no version']],
    ['1,,2', [1, 2], ['PLUGIN_PROTOCOL_VERSIONS names "", which is no version']],
    ['-1', [], ['PLUGIN_PROTOCOL_VERSIONS names "-1", which is no version']],
    ['9999999999', [], ['PLUGIN_PROTOCOL_VERSIONS names "9999999999", which is no version']],
    ['\x1b', [], ['PLUGIN_PROTOCOL_VERSIONS names "\\u001b", which is no version']],
  ])('reads the versions %j', (text, versions, ignored) => {
    const request = readHandshakeEnvironment({ BASIC_PLUGIN: 'hello', PLUGIN_PROTOCOL_VERSIONS: text }, COOKIE);

    expect(request).toMatchObject({ versions, ignored });
  });

  it('takes an odd port for any port', () => {
    const env = { BASIC_PLUGIN: 'hello', PLUGIN_MIN_PORT: '80x', PLUGIN_MAX_PORT: '65536' };

    expect(readHandshakeEnvironment(env, COOKIE)).toMatchObject({
      minPort: 0,
      maxPort: 0,
      ignored: ['PLUGIN_MIN_PORT is "80x", which is no port', 'PLUGIN_MAX_PORT is "65536", which is no port'],
    });
  });

  it.each([
    ['true', true],
    ['false', true],
    ['', false],
    [undefined, false],
  ])('takes PLUGIN_MULTIPLEX_GRPC=%j as asked: %s', (value, multiplexAsked) => {
    const env = { BASIC_PLUGIN: 'hello', PLUGIN_MULTIPLEX_GRPC: value };

    expect(readHandshakeEnvironment(env, COOKIE).multiplexAsked).toBe(multiplexAsked);
  });

  it.each([[undefined], [''], ['Hello'], ['hello ']])('refuses the cookie %j', (value) => {
    const read = (): unknown => readHandshakeEnvironment({ BASIC_PLUGIN: value }, COOKIE);

    expect(read).toThrow(expect.objectContaining({ code: 'MAGIC_COOKIE_MISMATCH' }));
  });

  it('explains that a host starts the program, and keeps the value to itself', () => {
    const error = thrownBy(() => readHandshakeEnvironment({ BASIC_PLUGIN: 'wrong' }, { ...COOKIE, cookieValue: 's3' }));

    expect(error.rawMessage).toBe(
      'this program is a plugin and is started by a host, not by hand: ' +
        'the environment variable "BASIC_PLUGIN" does not have the value that its host sets',
    );
  });

  it.each([['__proto__'], ['toString'], ['constructor']])('takes nothing inherited for the cookie %s', (cookieKey) => {
    const error = thrownBy(() => readHandshakeEnvironment({}, { cookieKey, cookieValue: 'x' }));

    expect(error.code).toBe('MAGIC_COOKIE_MISMATCH');
  });

  it.each([
    ['cookieKey', { cookieKey: '', cookieValue: 'hello' }],
    ['cookieValue', { cookieKey: 'BASIC_PLUGIN', cookieValue: '' }],
  ])("names the plugin's own empty %s", (field, cookie) => {
    const error = thrownBy(() => readHandshakeEnvironment({}, cookie));

    expect(error).toBeInstanceOf(InvalidOptionsError);
    expect(error.details).toEqual({ field });
  });
});

// Helpers

function thrownBy(action: () => unknown): RuntimeError {
  try {
    action();
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
