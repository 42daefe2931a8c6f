// What the commands print, as golden texts at 80 characters.

import { describe, expect, it } from 'vitest';
import { auditTable, chainsText } from '../../../src/cli/admin/audit-view.ts';
import { contractsText } from '../../../src/cli/admin/contracts-view.ts';
import { checksText } from '../../../src/cli/admin/doctor/checks-text.ts';
import { logLineText } from '../../../src/cli/admin/log-view.ts';
import { pluginJson, pluginLine, pluginTable } from '../../../src/cli/admin/plugin-view.ts';
import type { AuditEntry, PluginContracts, PluginInfo } from '../../../src/gen/troupe/admin/v1/admin.ts';

const PLAIN = (_: unknown, text: string): string => text;
const AT = BigInt(Date.parse('2026-01-02T03:04:05.678Z'));

describe('pluginTable', () => {
  it('prints 4 plugins in 4 states', () => {
    const plugins = [
      plugin({ process: { state: 'ready', pid: 4711, restarts: 2, startMs: 30, inFlight: 0 } }),
      plugin({ name: 'mail', state: 'inactive', version: '0.10.0-rc.1' }),
      plugin({ name: 'shop', state: 'errored', failure: failure('the plugin was not ready within the start timeout') }),
      plugin({ name: 'web', awaitingConsent: ['net:example.com', 'childProcess'] }),
    ];

    expect(pluginTable(plugins, 80, PLAIN)).toEqual([
      'plugin  version      state     process     restarts  note',
      'kv      1.0.0        active    ready 4711         2',
      'mail    0.10.0-rc.1  inactive  -                  -',
      'shop    1.0.0        errored   -                  -  HANDSHAKE_TIMEOUT: the plu…',
      'web     1.0.0        active    -                  -  waits for consent: net:exa…',
    ]);
  });
});

describe('pluginJson', () => {
  it('has times as texts, and null for what is not there', () => {
    const json = pluginJson(plugin({ failure: failure('x') }));

    expect(JSON.parse(JSON.stringify(json))).toMatchObject({
      installedAt: '2026-01-02T03:04:05.678Z',
      activatedAt: null,
      process: null,
      failure: { code: 'HANDSHAKE_TIMEOUT', at: '2026-01-02T03:04:05.678Z' },
      rowVersion: 7,
    });
  });
});

describe('auditTable', () => {
  it('prints 2 entries, and cuts what they have to say', () => {
    const entries = [
      entry({ sequence: 9n, dataJson: '{"from":"installed","to":"active","list":[1,2]}' }),
      entry({ sequence: 10n, event: 'permission.denied', principal: 'plugin:kv', severity: 'warning' }),
    ];

    expect(auditTable(entries, 80, PLAIN)).toBe(
      [
        'number  time                      event              who        data',
        '     9  2026-01-02T03:04:05.678Z  plugin.activated   user:ada   from=installed …',
        '    10  2026-01-02T03:04:05.678Z  permission.denied  plugin:kv',
        '',
      ].join('\n'),
    );
  });
});

describe('auditTable with digests', () => {
  it('shows 12 of their 64 digits, so that there is room for the rest', () => {
    const dataJson = JSON.stringify({ digest: 'a6aa155b603b'.padEnd(64, '0'), to: 'active' });

    expect(auditTable([entry({ dataJson })], 120, PLAIN)).toContain('digest=a6aa155b603b to=active\n');
  });
});

describe('pluginLine', () => {
  it('says how to consent to what is waited for', () => {
    const line = pluginLine(plugin({ state: 'installed', awaitingConsent: ['net:example.com'] }));

    expect(line).toBe('kv 1.0.0 is installed; consent to net:example.com is wanted: troupe plugin consent kv');
  });
});

describe('chainsText', () => {
  it('says of 1 plugin that it is whole and of 1 where it is broken', () => {
    const whole = { plugin: 'kv', entries: 1n, unsealed: 2n, problem: '', problemAt: 0n };
    const broken = { plugin: 'web', entries: 9n, unsealed: 0n, problem: 'entry 4 does not fit', problemAt: 4n };

    expect(chainsText([whole, broken])).toBe(
      'kv: 1 entry is as written, 2 newer without a link yet\n' +
        'web: broken at entry 4: entry 4 does not fit\nthe audit of 1 plugin is not whole\n',
    );
    expect(chainsText([])).toBe('there is no audit yet\n');
  });

  it('says of a name that nobody ever had that nothing is known, and not that 0 entries are as written', () => {
    const chain = { plugin: 'kvv', entries: 0n, unsealed: 0n, problem: '', problemAt: 0n };

    expect(chainsText([chain])).toMatch(/^kvv: nothing is known about it\n/);
  });
});

describe('contractsText', () => {
  it('prints what 1 plugin offers and 1 that could not be asked', () => {
    const offered = { name: 'get', description: 'reads a key', inputSchemaJson: '' };
    const kv = contracts({
      kinds: ['events', 'operations'],
      services: [{ service: 'kv.v1', version: '1.0.0' }],
      operations: [offered],
      steps: [{ ...offered, name: 'wait', description: '' }],
      subscribes: ['order.*'],
      emits: ['stock.*'],
    });
    const web = contracts({
      plugin: 'web',
      error: { code: 'DEADLINE_EXCEEDED', message: 'no answer', detailsJson: '' },
    });

    expect(contractsText([kv, web])).toBe(
      [
        'kv 1.0.0  events, operations',
        '  service    kv.v1 1.0.0',
        '  operation  get  reads a key',
        '  step       wait',
        '  gets       order.*',
        '  emits      stock.*',
        '',
        'web 1.0.0  ',
        '  problem    [DEADLINE_EXCEEDED] no answer',
        '',
      ].join('\n'),
    );
    expect(contractsText([])).toBe('no plugin runs on this host\n');
  });
});

describe('checksText', () => {
  it('prints 3 checks with their details and a verdict', () => {
    const check = (name: string, status: 'ok' | 'warning' | 'failed', details: string[] = []) => ({
      name,
      status,
      message: `about ${name}`,
      details,
    });

    expect(
      checksText([check('node', 'ok'), check('host', 'warning'), check('secrets', 'failed', ['a', 'b'])], PLAIN),
    ).toBe(
      [
        'ok   node        about node',
        'look host        about host',
        'FAIL secrets     about secrets',
        '                 a',
        '                 b',
        '1 ok, 1 to look at, 1 failed',
        '',
      ].join('\n'),
    );
  });
});

describe('logLineText', () => {
  it('prints when, how important, of whom, what, and more about it in 1 line', () => {
    const fieldsJson = '{"size":3,"key":"a b","plain":"x"}';
    const line = { cursor: 1n, at: AT, plugin: 'kv', level: 'warn', message: 'two\nlines\u001b[31m', fieldsJson };

    expect(logLineText(line, PLAIN)).toBe('2026-01-02T03:04:05.678Z warn  kv two lines size=3 key="a b" plain=x');
  });
});

// Helpers

function plugin(change: Partial<PluginInfo> = {}): PluginInfo {
  return {
    name: 'kv',
    version: '1.0.0',
    state: 'active',
    incarnation: 'i',
    digest: 'd',
    abiVersion: 1,
    permissions: [],
    awaitingConsent: [],
    failure: undefined,
    installedAt: AT,
    activatedAt: 0n,
    rowVersion: 7n,
    process: undefined,
    versions: [],
    crashes: 0,
    ...change,
  };
}

function failure(message: string): NonNullable<PluginInfo['failure']> {
  return { code: 'HANDSHAKE_TIMEOUT', message, phase: 'activating', at: AT };
}

function entry(change: Partial<AuditEntry>): AuditEntry {
  const fixed = { at: AT, event: 'plugin.activated', plugin: 'kv', principal: 'user:ada', severity: 'info' };
  return { sequence: 1n, ...fixed, dataJson: '', sealed: true, ...change };
}

function contracts(change: Partial<PluginContracts>): PluginContracts {
  return {
    plugin: 'kv',
    version: '1.0.0',
    kinds: [],
    services: [],
    operations: [],
    steps: [],
    subscribes: [],
    emits: [],
    error: undefined,
    ...change,
  };
}
