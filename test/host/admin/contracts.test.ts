import { describe, expect, it } from 'vitest';
import { listContracts } from '../../../src/host/admin/contracts.ts';
import type { Lifecycle } from '../../../src/host/lifecycle/types.ts';
import type { Plugin } from '../../../src/host/plugin.ts';
import { fakeLifecycle, rowOf } from './support.ts';

const MIB = 1024 * 1024;

describe('listContracts', () => {
  it('leaves out what a plugin offers above 1 MiB, says so in its place, and keeps what the others offer', async () => {
    const contracts = await listContracts(running({ greedy: MIB, modest: 100 }));

    expect(contracts.map(({ plugin, operations, error }) => [plugin, operations.length, error?.code])).toEqual([
      ['greedy', 0, 'RESOURCE_EXHAUSTED'],
      ['modest', 1, undefined],
    ]);
    expect(contracts[0]?.error?.message).toBe('what it offers has 1048579 bytes, more than 1048576');
  });

  it('leaves out what 40 plugins offer together above 32 MiB', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `p${index}`);

    const contracts = await listContracts(running(Object.fromEntries(names.map((name) => [name, MIB - 3]))));

    expect(contracts.filter(({ error }) => error === undefined)).toHaveLength(32);
    expect(contracts).toHaveLength(40);
  });
});

// Helpers

/** Plugins with 1 operation each, whose description has so many characters. */
function running(lengths: Readonly<Record<string, number>>): Lifecycle {
  const manifest = (name: string): string =>
    JSON.stringify({
      apiVersion: 'troupe.plugin/v1',
      name,
      version: '1.0.0',
      kinds: ['operations'],
      run: { node: './main.js' },
    });
  return fakeLifecycle({
    rows: async () =>
      Object.keys(lengths).map((slug) => ({ row: rowOf({ slug, manifest: manifest(slug) }), process: {} as never })),
    plugin: (name) => {
      const description = 'x'.repeat(lengths[name] ?? 0);
      return { operations: () => ({ list: async () => [{ name: 'get', description }] }) } as unknown as Plugin;
    },
  });
}
