import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyAudit } from '../../../src/host/index.ts';
import { openHostParts } from '../../../src/cli/run/host-parts.ts';
import type { HostParts, HostPartsOptions } from '../../../src/cli/run/host-parts.ts';
import { createSilentLogger } from '../../../src/ports/index.ts';
import { ROOT } from '../../source-files.ts';
import { waitFor } from '../../transport/process/support.ts';
import { shortDirectory, writePlugin } from '../admin/support.ts';

const LIMIT_MS = 30_000;

describe('openHostParts', () => {
  it(
    'writes the audit to the file of the configuration, too, each entry once over 2 starts',
    async () => {
      const directory = dataDirectory('audit: { file: audit.jsonl }\n');
      const first = await open(directory);
      await first.lifecycle.install({ kind: 'directory', path: writePlugin() });
      await first.close();
      const second = await open(directory);
      await second.lifecycle.uninstall('kv');
      await second.close();

      const file = join(directory, 'audit.jsonl');
      const entries = readFileSync(file, 'utf8').trimEnd().split('\n').map(parsed);
      expect(entries.map(({ event }) => event)).toEqual([
        'plugin.installing',
        'plugin.installed',
        'plugin.uninstalling',
        'plugin.uninstalled',
      ]);
      expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    },
    LIMIT_MS,
  );

  it(
    'removes entries above audit.maxEntries, and the rest is as written',
    async () => {
      const directory = dataDirectory('audit: { maxEntries: 2 }\n');
      const parts = await open(directory);
      const pruned: number[] = [];
      parts.auditor.onFact((fact) => {
        if (fact.type === 'audit.pruned') pruned.push(fact.entries);
      });

      await parts.lifecycle.install({ kind: 'directory', path: writePlugin() });
      await parts.lifecycle.uninstall('kv');
      await parts.close();
      const again = await open(directory);
      again.auditor.onFact((fact) => {
        if (fact.type === 'audit.pruned') pruned.push(fact.entries);
      });
      await waitFor('the removal', () => pruned.length > 0, 10_000);

      expect((await again.lifecycle.audit('kv'))[0]?.sequence).toBeGreaterThan(1);
      expect((await verifyAudit(again.store, again.auditKey)).isIntact).toBe(true);
    },
    LIMIT_MS,
  );

  it(
    'has what a plugin was denied in the audit, also when it was just before the end',
    async () => {
      const directory = dataDirectory();
      const first = await open(directory);
      await first.lifecycle.install({ kind: 'directory', path: writeEmitter() }, { activate: true });
      const emitted = await first.lifecycle.plugin('rogue')?.operations().execute('emit');
      await first.close();

      const second = await open(directory);
      const denied = (await second.lifecycle.audit('rogue')).filter(
        ({ event }) => event === 'plugin.permission.denied',
      );
      expect(emitted).toEqual({ code: 'EMIT_DENIED' });
      expect(denied).toMatchObject([{ data: { permission: 'events.emit:order.paid', count: 1 } }]);
    },
    LIMIT_MS,
  );

  it(
    'installs no plugin that asks for a capability which the host does not have',
    async () => {
      const parts = await open(dataDirectory());
      const asking = (name: string, capability: string): string =>
        writePlugin({ name, manifest: { permissions: { capabilities: [capability] } } });

      const refused = parts.lifecycle.install({ kind: 'directory', path: asking('a', 'posts.write') });
      await expect(refused).rejects.toThrow('[CAPABILITY_UNKNOWN] plugin "a" asks for "posts.write"');
      await parts.lifecycle.install({ kind: 'directory', path: asking('b', 'kv.read') });

      expect((await parts.lifecycle.list()).map(({ row }) => row.slug)).toEqual(['b']);
    },
    LIMIT_MS,
  );

  it.each([
    ['lets go of the old version at once while plugins are developed', '', true, true],
    ['keeps to a probation that is configured', 'updates: { probationMs: 600000 }\n', true, false],
    ['has a probation by default', '', false, false],
  ])(
    '%s',
    async (_, config, dev, isAtOnce) => {
      const parts = await open(dataDirectory(config), { dev });
      const facts: string[] = [];
      parts.host.onFact(({ type }) => facts.push(type));
      await parts.lifecycle.install({ kind: 'directory', path: writePlugin() }, { activate: true });

      const update = parts.lifecycle.update('kv', { kind: 'directory', path: writePlugin({ version: '1.1.0' }) });
      if (isAtOnce) await update;
      // In a probation the update goes on; the stop of the host ends it.
      else update.catch(() => {});
      await waitFor('the change', () => facts.includes('plugin.swapped'), 20_000);

      const { state } = (await parts.lifecycle.get('kv')).row;
      if (isAtOnce) await waitFor('the end of the old version', () => facts.includes('plugin.replacementEnded'), 5_000);

      expect(state).toBe(isAtOnce ? 'active' : 'updating');
    },
    LIMIT_MS,
  );

  it(
    'gives a plugin in TypeScript that brings no package its SDK',
    async () => {
      const parts = await open(dataDirectory());
      const path = join(shortDirectory(), 'typed');
      mkdirSync(path);
      const fields = { apiVersion: 'troupe.plugin/v1', name: 'typed', version: '1.0.0', kinds: ['operations'] };
      writeFileSync(join(path, 'plugin.json'), JSON.stringify({ ...fields, run: { node: 'plugin.ts' } }));
      const program = `import { definePlugin, operation, servePlugin } from 'troupe/sdk';
const two = operation<undefined, number>({ description: 'answers 2', execute: (): number => 2 });
await servePlugin(definePlugin({ name: 'typed', version: '1.0.0', operations: { two } }));
`;
      writeFileSync(join(path, 'plugin.ts'), program);

      await parts.lifecycle.install({ kind: 'directory', path }, { activate: true });

      expect(await parts.lifecycle.plugin('typed')?.operations().execute('two')).toBe(2);
    },
    LIMIT_MS,
  );

  it(
    'lets go of the directory when a part cannot be opened, and opens it when that is mended',
    async () => {
      const directory = dataDirectory();
      const key = join(directory, 'audit.key');
      writeFileSync(key, 'a'.repeat(64), { mode: 0o644 });

      await expect(open(directory)).rejects.toThrow('[SECRET_FILE_INVALID]');
      expect(existsSync(join(directory, 'host.json'))).toBe(false);
      chmodSync(key, 0o600);
      await open(directory);
    },
    LIMIT_MS,
  );
});

// Helpers

async function open(directory: string, options: Partial<HostPartsOptions> = {}): Promise<HostParts> {
  const parts = await openHostParts({ directory, config: undefined, logger: createSilentLogger(), ...options });
  onTestFinished(() => parts.close());
  await parts.lifecycle.boot();
  return parts;
}

function dataDirectory(config?: string): string {
  const directory = join(shortDirectory(), 'd');
  mkdirSync(directory, { mode: 0o700 });
  if (config !== undefined && config !== '') writeFileSync(join(directory, 'host.yaml'), config);
  return directory;
}

function parsed(line: string): { readonly event: string; readonly sequence: number } {
  return JSON.parse(line) as { event: string; sequence: number };
}

/** A plugin that emits what its manifest does not name, and says how that went. */
function writeEmitter(): string {
  const directory = join(shortDirectory(), 'rogue');
  mkdirSync(directory);
  const fields = { apiVersion: 'troupe.plugin/v1', name: 'rogue', version: '1.0.0', run: { node: 'main.mjs' } };
  const manifest = { ...fields, kinds: ['operations', 'events'], events: { emit: ['parcel.*'] } };
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify(manifest));
  writeFileSync(
    join(directory, 'main.mjs'),
    `import { definePlugin, servePlugin } from ${JSON.stringify(join(ROOT, 'src/sdk/index.ts'))};
const emit = {
  description: 'emits an event of an order',
  execute: (_, context) => context.emit({ type: 'order.paid' }).then(() => ({ code: 'none' }), ({ code }) => ({ code })),
};
await servePlugin(definePlugin({ name: 'rogue', version: '1.0.0', operations: { emit }, on: {} }));
`,
  );
  return directory;
}
