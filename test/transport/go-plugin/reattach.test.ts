import { describe, expect, it } from 'vitest';
import { parseReattach } from '../../../src/transport/index.ts';

const good = {
  Protocol: 'grpc',
  ProtocolVersion: 5,
  Pid: 1234,
  Test: true,
  Addr: { Network: 'unix', String: '/tmp/plugin1' },
};

const TCP = { Network: 'tcp', String: '127.0.0.1:1234' };

describe('parseReattach', () => {
  it('reads the JSON that hosts of go-plugin take from their environment', () => {
    expect(parseReattach(JSON.stringify({ kv: good, other: { ...good, Pid: 5 } }))).toEqual(
      new Map([
        ['kv', good],
        ['other', { ...good, Pid: 5 }],
      ]),
    );
  });

  it('takes what Go leaves out: a version of 0, and Test when it is false', () => {
    const { Test: _, ProtocolVersion: __, ...short } = good;

    expect(parseReattach(JSON.stringify({ kv: short })).get('kv')).toMatchObject({ ProtocolVersion: 0, Test: false });
  });

  it.each([
    ['no JSON', '{', 'option "reattach" is not valid JSON'],
    ['a list', '[]', 'option "reattach" is not an object'],
    ['no object', '{"kv":1}', 'option "reattach.kv" is not an object'],
    ['netrpc', { Protocol: 'netrpc' }, 'option "reattach.kv.Protocol" is "netrpc"; only "grpc" is supported'],
    ['no address', { Addr: undefined }, 'option "reattach.kv.Addr" is not an object'],
    ['another network', { Addr: { Network: 'udp', String: 'x' } }, 'option "reattach.kv.Addr.Network" is "udp"'],
    ['tcp, which needs TLS', { Addr: TCP }, 'option "reattach.kv.Addr.Network" is "tcp"; it takes "unix": tcp needs'],
    ['a number as address', { Addr: { Network: 'unix', String: 7 } }, 'option "reattach.kv.Addr.String" is not a text'],
    ['a relative path', { Addr: { Network: 'unix', String: 'x' } }, 'option "reattach.kv.Addr.String"'],
    ['pid 0', { Pid: 0 }, 'option "reattach.kv.Pid" is 0; it takes a whole number from 1'],
    ['a text as pid', { Pid: '7' }, 'option "reattach.kv.Pid" is "7"; it takes a whole number from 1'],
    ['a negative version', { ProtocolVersion: -1 }, 'option "reattach.kv.ProtocolVersion" is -1'],
    ['a text as Test', { Test: 'yes' }, 'option "reattach.kv.Test" is neither true nor false'],
  ])('refuses %s', (_, change, text) => {
    const json = typeof change === 'string' ? change : JSON.stringify({ kv: { ...good, ...change } });

    expect(() => parseReattach(json)).toThrow(text);
  });
});
