import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GO_PLUGIN_PAGE, refusals, renderGoPluginPage } from '../../tools/docs-go-plugin.ts';

/** What go-plugin's documentation and `ClientConfig`, `ServeConfig` and `Client` offer, one by one. */
const OFFERED = [
  'Launch',
  'Handshake',
  'Plugins',
  'Allowed protocols',
  'Start timeout',
  'Ports',
  'Managed clients',
  'Logger',
  'Log line buffer',
  'Raw stderr tee',
  'Synced stdio',
  'Checksum',
  'TLS',
  'AutoMTLS',
  'Dial options',
  'Server factory',
  'Broker mux',
  'Env',
  'Sockets',
  'Custom runner',
  'Discovery',
  'Ping',
  'Dispense',
  'Exit state',
  'Restart',
  'Reattach',
  'Test mode (plugin)',
  'Test helpers',
  'net/rpc mode',
];

describe('docs/go-plugin.md', () => {
  it('is what tools/docs-go-plugin.ts writes', () => {
    expect(readFileSync(GO_PLUGIN_PAGE, 'utf8')).toBe(renderGoPluginPage());
  });

  it.each(OFFERED)('has one row of 4 full cells for %s', (feature) => {
    const rows = renderGoPluginPage()
      .split('\n')
      .filter((line) => line.startsWith(`| ${feature} |`));

    expect(rows).toHaveLength(1);
    expect(rows[0]?.split(/(?<!\\)\|/).filter((cell) => cell.trim() !== '')).toHaveLength(4);
  });

  it('reads defaults from the code', () => {
    const page = renderGoPluginPage();

    expect(page).toContain('| `startTimeoutMs`; 1 min |');
    expect(page).toContain('| `health`; every 10 s, 3 s each, dead after 3 misses |');
    expect(page).toContain('| `ports`; 10000 to 25000 |');
    expect(page).not.toMatch(/undefined|NaN|unknown/);
  });
});

describe('what the page lists as refused', () => {
  it.each(refusals())('$what has a code of its own and names its field', ({ error }) => {
    expect(error.code).not.toBe('INTERNAL');
    expect(error.rawMessage).toMatch(/\(field [357] of its handshake line\)|"reattach\.Protocol"|tcp address/);
  });

  it('is net/rpc, a multiplexed broker and a pipe of Windows, among others', () => {
    expect(refusals().map(({ error }) => error.code)).toEqual(
      expect.arrayContaining(['PROTOCOL_UNSUPPORTED', 'MULTIPLEX_UNSUPPORTED', 'NETWORK_UNSUPPORTED']),
    );
  });
});
