import { describe, expect, it } from 'vitest';

import { HandshakeError, InvalidOptionsError } from '../../../src/errors/index.ts';
import { createCertificate } from '../../../src/transport/go-plugin/certificate.ts';
import {
  formatHandshakeLine,
  MAX_HANDSHAKE_LINE_BYTES,
  parseHandshakeLine,
} from '../../../src/transport/go-plugin/handshake-line.ts';
import type { HandshakeLine } from '../../../src/transport/go-plugin/handshake-line.ts';

const CERTIFICATE = createCertificate({ now: Date.UTC(2026, 0, 1) });
const BASE64 = CERTIFICATE.certificateDer.toString('base64').replace(/=+$/, '');
const PLAIN = { versions: [1, 2], requireCertificate: false };
const TLS = { versions: [1, 2], requireCertificate: true };

describe('parseHandshakeLine, recorded lines', () => {
  it.each([
    ['plain', '1|1|unix|/tmp/plugin2979513784|grpc|\n', 1, '/tmp/plugin2979513784'],
    ['version 2', '1|2|unix|/tmp/plugin2101076701|grpc|\n', 2, '/tmp/plugin2101076701'],
    ['without the sixth field', '1|1|unix|/tmp/plugin1|grpc\n', 1, '/tmp/plugin1'],
    ['in a directory of the host', '1|1|unix|/x/plugin1480490729|grpc|\n', 1, '/x/plugin1480490729'],
    ['with Windows line ends', '1|1|unix|/tmp/plugin1|grpc|\r\n', 1, '/tmp/plugin1'],
    ['with white space around it', ' \t1|1|unix|/tmp/plugin1|grpc| \n', 1, '/tmp/plugin1'],
  ])('reads a line %s', (_what, text, appVersion, address) => {
    const line = { coreVersion: 1, appVersion, network: 'unix', address, protocol: 'grpc' };

    expect(parseHandshakeLine(text, PLAIN)).toEqual(line);
  });

  it('reads a tcp address with a certificate', () => {
    const { network, address } = parseHandshakeLine(`1|1|tcp|127.0.0.1:1234|grpc|${BASE64}\n`, TLS);

    expect([network, address]).toEqual(['tcp', '127.0.0.1:1234']);
  });

  it.each([
    ['without padding', ''],
    ['with padding', '='.repeat((4 - (BASE64.length % 4)) % 4)],
  ])('reads a certificate %s', (_what, padding) => {
    const { certificate } = parseHandshakeLine(`1|1|unix|/tmp/plugin1|grpc|${BASE64}${padding}\n`, TLS);

    expect(certificate?.equals(CERTIFICATE.certificateDer)).toBe(true);
  });

  it.each([['false'], ['0'], ['F'], ['FALSE']])('reads a seventh field %j as no multiplexing', (field) => {
    expect(parseHandshakeLine(`1|1|unix|/tmp/plugin1|grpc||${field}\n`, PLAIN).multiplex).toBe(false);
  });

  it('takes an empty seventh field for none', () => {
    expect(parseHandshakeLine('1|1|unix|/tmp/plugin1|grpc||\n', PLAIN).multiplex).toBeUndefined();
  });
});

describe('parseHandshakeLine, refusals', () => {
  it.each([
    ['HANDSHAKE_EMPTY_LINE', ''],
    ['HANDSHAKE_EMPTY_LINE', ' \t\r\n'],
    ['HANDSHAKE_LINE_TOO_LONG', 'x'.repeat(70_000)],
    ['HANDSHAKE_LINE_TOO_LONG', 'ß'.repeat(40_000)],
    ['HANDSHAKE_MALFORMED', 'starting up ...'],
    ['HANDSHAKE_MALFORMED', '1|1|unix'],
    ['HANDSHAKE_MALFORMED', '2024/01/01 12:00:00 a|b|c|d|e'],
    ['HANDSHAKE_MALFORMED', '|1|unix|/tmp/p|grpc|'],
    ['HANDSHAKE_MALFORMED', '1.0|1|unix|/tmp/p|grpc|'],
    ['HANDSHAKE_MALFORMED', '1||unix|/tmp/p|grpc|'],
    ['HANDSHAKE_MALFORMED', '1|v1|unix|/tmp/p|grpc|'],
    ['HANDSHAKE_MALFORMED', '1|-1|unix|/tmp/p|grpc|'],
    ['HANDSHAKE_MALFORMED', '1|1e0|unix|/tmp/p|grpc|'],
    ['HANDSHAKE_MALFORMED', '1|1|unix|/tmp/p|grpc||false|x'],
    ['HANDSHAKE_MALFORMED', '1|1|unix|/tmp/p|grpc||maybe'],
    ['HANDSHAKE_MALFORMED', 'hello\n1|1|unix|/tmp/p|grpc|'],
    ['CORE_VERSION_UNSUPPORTED', '2|1|unix|/tmp/p|grpc|'],
    ['CORE_VERSION_UNSUPPORTED', '0|1|unix|/tmp/p|grpc|'],
    ['APP_VERSION_UNSUPPORTED', '1|3|unix|/tmp/p|grpc|'],
    ['NETWORK_UNSUPPORTED', '1|1|udp|/tmp/p|grpc|'],
    ['NETWORK_UNSUPPORTED', '1|1||/tmp/p|grpc|'],
    ['NETWORK_UNSUPPORTED', '1|1|unix |/tmp/p|grpc|'],
    ['ADDRESS_INVALID', '1|1|unix||grpc|'],
    ['ADDRESS_INVALID', '1|1|unix|plugin1|grpc|'],
    ['ADDRESS_INVALID', '1|1|unix|/tmp/\0|grpc|'],
    ['ADDRESS_INVALID', `1|1|unix|/${'x'.repeat(107)}|grpc|`],
    ['ADDRESS_INVALID', '1|1|tcp|/tmp/p|grpc|'],
    ['ADDRESS_INVALID', '1|1|tcp|127.0.0.1:0|grpc|'],
    ['ADDRESS_INVALID', '1|1|tcp|127.0.0.1:65536|grpc|'],
    ['ADDRESS_INVALID', '1|1|tcp|10.1.2.3:80|grpc|'],
    ['ADDRESS_INVALID', '1|1|tcp|localhost:80|grpc|'],
    ['PROTOCOL_UNSUPPORTED', '1|1|unix|/tmp/p|netrpc|'],
    ['PROTOCOL_UNSUPPORTED', '1|1|unix|/tmp/p'],
    ['PROTOCOL_UNSUPPORTED', '1|1|unix|/tmp/p|'],
    ['MULTIPLEX_UNSUPPORTED', '1|1|unix|/tmp/p|grpc||true'],
    ['MULTIPLEX_UNSUPPORTED', '1|1|unix|/tmp/p|grpc||1'],
    ['CERTIFICATE_UNEXPECTED', `1|1|unix|/tmp/p|grpc|${BASE64}`],
    ['CERTIFICATE_UNEXPECTED', '1|1|unix|/tmp/p|grpc|x'],
  ])('says %s to %j', (code, text) => {
    expect(refusalOf(text, PLAIN).code).toBe(code);
  });

  it.each([
    ['CERTIFICATE_MISSING', ''],
    ['CERTIFICATE_MALFORMED', 'x'],
    ['CERTIFICATE_MALFORMED', '===='],
    ['CERTIFICATE_MALFORMED', BASE64.slice(0, -4)],
    ['CERTIFICATE_MALFORMED', `${BASE64}AAAA`],
    ['CERTIFICATE_MALFORMED', BASE64.replace('M', '-')],
    ['CERTIFICATE_MALFORMED', `${BASE64.slice(0, 40)} ${BASE64.slice(40)}`],
    ['CERTIFICATE_MALFORMED', Buffer.from(CERTIFICATE.certificatePem).toString('base64')],
  ])('fails closed with %s when mutual TLS is on', (code, field) => {
    expect(refusalOf(`1|1|unix|/tmp/p|grpc|${field}`, TLS).code).toBe(code);
  });

  it('names the versions of both sides', () => {
    const { rawMessage, details } = refusalOf('1|3|unix|/tmp/p|grpc|', PLAIN);

    expect(rawMessage).toBe('the plugin speaks application protocol version 3, the host 1, 2');
    expect(details).toEqual({ pluginVersion: 3, hostVersions: [1, 2] });
  });

  it('explains that four fields mean net/rpc', () => {
    expect(refusalOf('1|1|unix|/tmp/p', PLAIN).rawMessage).toBe(
      'the plugin announces no protocol, which means "netrpc" (field 5 of its handshake line), the host speaks only "grpc"',
    );
  });

  it('refuses the line of the official Python example, which is tcp without TLS', () => {
    const { code, rawMessage, details } = refusalOf('1|1|tcp|127.0.0.1:1234|grpc\n', PLAIN);

    expect(code).toBe('CERTIFICATE_MISSING');
    expect(rawMessage).toBe(
      'the plugin announces network "tcp" (field 3 of its handshake line): tcp needs mutual TLS, the host runs without TLS',
    );
    expect(details).toEqual({ field: 'network' });
  });

  it.each([
    [3, 'network', '1|1|npipe|\\\\.\\pipe\\p|grpc|'],
    [5, 'protocol', '1|1|unix|/tmp/p|netrpc|'],
    [7, 'multiplex', '1|1|unix|/tmp/p|grpc||true'],
  ])('names field %i, the %s, of what it does not support', (number, field, line) => {
    const { rawMessage, details } = refusalOf(line, PLAIN);

    expect(rawMessage).toContain(`(field ${number} of its handshake line)`);
    expect(details).toEqual({ field });
  });

  it('quotes at most 200 characters, and no control character', () => {
    const { rawMessage } = refusalOf(`\x1b[31m${'x'.repeat(60_000)}`, PLAIN);

    expect(rawMessage).toBe(
      `the plugin's first output line "\\u001b[31m${'x'.repeat(195)}"… is no handshake line: it has 1 of at least 4 fields`,
    );
  });

  it('takes a remote address when the host allows it', () => {
    const { address } = parseHandshakeLine(`1|1|tcp|10.1.2.3:80|grpc|${BASE64}`, { ...TLS, allowRemote: true });

    expect(address).toBe('10.1.2.3:80');
  });

  it.each([
    ['spaces', `1|1|unix|/${' '.repeat(60_000)}x|grpc|`],
    ['carriage returns', `${'\r'.repeat(60_000)}x`],
    ['bars', '|'.repeat(60_000)],
  ])('refuses a line with 60000 %s', (_what, text) => {
    expect(refusalOf(text, PLAIN)).toBeInstanceOf(HandshakeError);
  });
});

describe('formatHandshakeLine', () => {
  it('writes an empty sixth field and no seventh', () => {
    expect(formatHandshakeLine(LINE)).toBe('1|1|unix|/tmp/plugin1|grpc|\n');
  });

  it('writes the certificate without padding', () => {
    const certificate = Buffer.from('0123456789');

    expect(formatHandshakeLine({ ...LINE, certificate })).toBe('1|1|unix|/tmp/plugin1|grpc|MDEyMzQ1Njc4OQ\n');
  });

  it.each([true, false])('writes a seventh field %s when it is given', (multiplex) => {
    expect(formatHandshakeLine({ ...LINE, multiplex })).toBe(`1|1|unix|/tmp/plugin1|grpc||${multiplex}\n`);
  });

  it.each([['/tmp/a|b'], ['/tmp/a\nb'], ['/tmp/a\rb'], ['relative'], ['']])('refuses the address %j', (address) => {
    expect(() => formatHandshakeLine({ ...LINE, address })).toThrow(/^\[ADDRESS_INVALID\]/);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 31])('refuses the application version %s', (appVersion) => {
    expect(() => formatHandshakeLine({ ...LINE, appVersion })).toThrow(InvalidOptionsError);
  });

  it('refuses a line above 65536 bytes', () => {
    const certificate = Buffer.alloc(MAX_HANDSHAKE_LINE_BYTES);

    expect(() => formatHandshakeLine({ ...LINE, certificate })).toThrow(/^\[HANDSHAKE_LINE_TOO_LONG\]/);
  });
});

// Helpers

const LINE: HandshakeLine = {
  coreVersion: 1,
  appVersion: 1,
  network: 'unix',
  address: '/tmp/plugin1',
  protocol: 'grpc',
};

function refusalOf(text: string, expectations: Parameters<typeof parseHandshakeLine>[1]): HandshakeError {
  try {
    parseHandshakeLine(text, expectations);
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
  throw new Error('the line was accepted');
}
