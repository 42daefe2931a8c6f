import { describe, expect, it } from 'vitest';
import { DEFAULT_ENVIRONMENT_NAMES, selectEnvironment } from '../../src/policy/index.ts';

describe('selectEnvironment', () => {
  it('picks the named variables and nothing else', () => {
    const source = { PATH: '/bin', HOME: '/root', DATABASE_PASSWORD: 'x' };

    expect(selectEnvironment(source, ['HOME', 'PATH', 'TZ'])).toEqual({ HOME: '/root', PATH: '/bin' });
  });

  it('picks every variable that starts with what stands before a star', () => {
    const source = { LC_ALL: 'C', LC_TIME: 'de', LANG: 'en', 'LC*': 'no' };

    expect(selectEnvironment(source, ['LC_*'])).toEqual({ LC_ALL: 'C', LC_TIME: 'de' });
  });

  it('leaves out what is not set and keeps what is empty', () => {
    expect(selectEnvironment({ A: undefined, B: '' }, ['A', 'B', '*'])).toEqual({ B: '' });
  });

  it.each(['*', 'PLUGIN_*', 'PLU*', 'PLUGIN_CLIENT_CERT'])('never picks the handshake of the host by %s', (name) => {
    expect(selectEnvironment({ PLUGIN_CLIENT_CERT: 'pem', PLUGIN_MIN_PORT: '1' }, [name])).toEqual({});
  });

  it('takes names of Object for variables only when they are set', () => {
    const source = Object.fromEntries([['__proto__', 'a']]);

    const picked = selectEnvironment(source, ['constructor', '__proto__']);

    expect(Object.entries(picked)).toEqual([['__proto__', 'a']]);
  });
});

describe('DEFAULT_ENVIRONMENT_NAMES', () => {
  it('lets a program find its tools, its language and its certificate authorities', () => {
    const source = { PATH: '/bin', LC_ALL: 'C', SSL_CERT_FILE: '/ca.pem' };

    expect(selectEnvironment(source, DEFAULT_ENVIRONMENT_NAMES)).toEqual(source);
  });

  it('holds back tokens, passwords, node options and the handshake', () => {
    const source = { GITHUB_TOKEN: 'x', PGPASSWORD: 'x', NODE_OPTIONS: '--inspect', PLUGIN_CLIENT_CERT: 'x' };

    expect(selectEnvironment(source, DEFAULT_ENVIRONMENT_NAMES)).toEqual({});
  });
});
