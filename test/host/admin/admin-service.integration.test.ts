import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import { Dependents } from '../../../src/gen/troupe/admin/v1/admin.ts';
import { PRINCIPAL_FIELD } from '../../../src/host/admin/index.ts';
import type { InstallOptions, OperationOptions, PluginSource } from '../../../src/host/lifecycle/types.ts';
import { adminForTest, AS_ADA, reportsOf, rowOf } from './support.ts';

const SOURCE = { source: { $case: 'directory', value: '/srv/kv' } } as const;
const INSTALL = { source: SOURCE, consent: [], consentAll: false, allowDowngrade: false, activate: false };

describe('operations', () => {
  it('reports 2 steps and then the plugin, and hands the lifecycle who wanted it', async () => {
    const heard: unknown[] = [];
    const { service } = await adminForTest({
      install: async (source: PluginSource, options: InstallOptions = {}) => {
        const { principal, consent, allowDowngrade, activate } = options;
        heard.push({ source, principal, consent, allowDowngrade, activate });
        for (const step of ['reading', 'verifying']) options.onProgress?.({ operation: 'install', plugin: 'kv', step });
        return rowOf();
      },
    });
    const request = { ...INSTALL, consent: ['net:x'], allowDowngrade: true, activate: true };

    const [first, second, last, ...rest] = await reportsOf(service.installPlugin(request, AS_ADA));

    expect([first, second]).toEqual([
      { $case: 'step', value: { plugin: 'kv', step: 'reading' } },
      { $case: 'step', value: { plugin: 'kv', step: 'verifying' } },
    ]);
    expect(last).toMatchObject({ $case: 'plugin', value: { name: 'kv', version: '1.2.0', state: 'active' } });
    expect(rest).toEqual([]);
    expect(heard).toEqual([
      {
        source: { kind: 'directory', path: '/srv/kv' },
        principal: { kind: 'user', label: 'ada' },
        consent: ['net:x'],
        allowDowngrade: true,
        activate: true,
      },
    ]);
  });

  it('reports a refusal with its code, its text and its details', async () => {
    const refused = new RuntimeError('NAME_TAKEN', 'plugin "kv" is installed', {
      details: { plugin: 'kv', problems: ['a'] },
    });
    const { service } = await adminForTest({ activate: () => Promise.reject(refused) });

    expect(await reportsOf(service.activatePlugin({ name: 'kv' }, AS_ADA))).toEqual([
      {
        $case: 'error',
        value: {
          code: 'NAME_TAKEN',
          message: 'plugin "kv" is installed',
          detailsJson: '{"plugin":"kv","problems":["a"]}',
        },
      },
    ]);
  });

  it.each([undefined, '', 'ada', 'system:host', 'plugin:kv', 'user:', 'user:a%0Ab', '%', `user:${'a'.repeat(200)}`])(
    'refuses a change by %j with UNAUTHENTICATED, and does nothing',
    async (principal) => {
      const heard: string[] = [];
      const { service } = await adminForTest({
        activate: async (plugin) => {
          heard.push(plugin);
          return rowOf();
        },
      });
      const options = principal === undefined ? {} : { metadata: { [PRINCIPAL_FIELD]: principal } };

      await expect(reportsOf(service.activatePlugin({ name: 'kv' }, options))).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      });
      expect(heard).toEqual([]);
    },
  );

  it('goes on with an operation whose caller has left', async () => {
    const begun = Promise.withResolvers<void>();
    const may = Promise.withResolvers<void>();
    const done = Promise.withResolvers<string>();
    const { service } = await adminForTest({
      update: async (plugin, _source, options = {}) => {
        options.onProgress?.({ operation: 'update', plugin, step: 'loading' });
        begun.resolve();
        await may.promise;
        done.resolve('updated');
        return rowOf();
      },
    });
    const leave = new AbortController();
    const reports = reportsOf(service.updatePlugin({ name: 'kv', ...INSTALL }, { ...AS_ADA, signal: leave.signal }));
    await begun.promise;

    leave.abort();
    await expect(reports).rejects.toMatchObject({ code: 'CANCELLED' });
    may.resolve();

    expect(await done.promise).toBe('updated');
  });

  it.each([
    ['a relative path', { source: { $case: 'directory', value: 'kv' } } as const, /must be an absolute path, got kv/],
    ['no source', undefined, /option "source" is missing/],
  ])('refuses %s to install from', async (_, source, problem) => {
    const { service } = await adminForTest();

    const [last] = await reportsOf(service.installPlugin({ ...INSTALL, source }, AS_ADA));

    expect(last).toMatchObject({
      $case: 'error',
      value: { code: 'INVALID_OPTIONS', message: expect.stringMatching(problem) },
    });
  });

  it('takes an archive of 1,000,000 bytes as it is', async () => {
    const sizes: number[] = [];
    const { service } = await adminForTest({
      install: async (source) => {
        sizes.push(source.kind === 'bytes' ? source.bytes.byteLength : 0);
        return rowOf();
      },
    });

    await reportsOf(
      service.installPlugin(
        { ...INSTALL, source: { source: { $case: 'bytes', value: Buffer.alloc(1_000_000) } } },
        AS_ADA,
      ),
    );

    expect(sizes).toEqual([1_000_000]);
  });

  it.each([
    [Dependents.DEPENDENTS_UNSPECIFIED, 'refuse'],
    [Dependents.DEPENDENTS_REFUSE, 'refuse'],
    [Dependents.DEPENDENTS_CASCADE, 'cascade'],
    [Dependents.DEPENDENTS_IGNORE, 'ignore'],
  ] as const)(
    'uninstalls with the policy %i as %s, and reports that the plugin is gone',
    async (dependents, policy) => {
      const heard: unknown[] = [];
      const { service } = await adminForTest({
        uninstall: async (_, options = {}) => void heard.push([options.dependents, options.removeData]),
      });

      const reports = await reportsOf(service.uninstallPlugin({ name: 'kv', dependents, removeData: true }, AS_ADA));

      expect(reports).toEqual([{ $case: 'removed', value: { name: 'kv' } }]);
      expect(heard).toEqual([[policy, true]]);
    },
  );

  it('reports the newest 100 of 5,000 steps that come faster than they are taken', async () => {
    const { service } = await adminForTest({
      reset: async (plugin: string, options: OperationOptions = {}) => {
        for (let step = 0; step < 5000; step += 1)
          options.onProgress?.({ operation: 'reset', plugin, step: String(step) });
        return rowOf();
      },
    });

    const reports = await reportsOf(service.resetPlugin({ name: 'kv' }, AS_ADA));

    expect(reports).toHaveLength(101);
    expect(reports[99]).toEqual({ $case: 'step', value: { plugin: 'kv', step: '4999' } });
  });

  it('needs a reason for a quarantine, and a digest or permissions for a consent', async () => {
    const heard: unknown[] = [];
    const { service } = await adminForTest({
      get: async () => ({ row: rowOf({ awaitingConsent: ['net:a', 'net:b'] }), versions: [], process: undefined }),
      consent: async (_, permissions, { digest } = {}) => {
        heard.push({ permissions, digest });
        return rowOf();
      },
    });

    const [refused] = await reportsOf(service.quarantinePlugin({ name: 'kv', reason: '' }, AS_ADA));
    const [unseen] = await reportsOf(service.consentPlugin({ name: 'kv', permissions: [], digest: '' }, AS_ADA));
    await reportsOf(service.consentPlugin({ name: 'kv', permissions: [], digest: 'd1' }, AS_ADA));
    await reportsOf(service.consentPlugin({ name: 'kv', permissions: ['net:a'], digest: '' }, AS_ADA));

    expect(unseen).toMatchObject({ $case: 'error', value: { code: 'INVALID_OPTIONS' } });
    expect(refused).toMatchObject({ $case: 'error', value: { code: 'INVALID_OPTIONS' } });
    expect(heard).toEqual([
      { permissions: ['net:a', 'net:b'], digest: 'd1' },
      { permissions: ['net:a'], digest: undefined },
    ]);
  });
});

describe('queries', () => {
  it('lists 2 plugins, one of them with its process and one with its failure', async () => {
    const process = { name: 'kv', state: 'ready', pid: 77, restarts: 2, inFlight: 1, startMs: 12.5 } as never;
    const failure = { code: 'PLUGIN_CRASHED', message: 'gone', phase: 'active', from: 'active' } as const;
    const { service } = await adminForTest({
      list: async () => [
        { row: rowOf(), versions: [], process },
        {
          row: rowOf({ slug: 'old', state: 'errored', failure, errorAt: 9, activatedAt: undefined }),
          versions: [],
          process: undefined,
        },
      ],
    });

    const { plugins, error } = await service.listPlugins({});

    expect(error).toBeUndefined();
    expect(plugins[0]).toMatchObject({
      name: 'kv',
      process: { state: 'ready', pid: 77, restarts: 2, inFlight: 1, startMs: 12.5 },
    });
    expect(plugins[1]).toMatchObject({
      name: 'old',
      activatedAt: 0n,
      process: undefined,
      failure: { code: 'PLUGIN_CRASHED', message: 'gone', phase: 'active', at: 9n },
    });
  });

  it('tells what went wrong with a list as its error', async () => {
    const { service } = await adminForTest({ list: () => Promise.reject(new RuntimeError('STORE_UNAVAILABLE', 'no')) });

    expect(await service.listPlugins({})).toMatchObject({
      plugins: [],
      error: { code: 'STORE_UNAVAILABLE', message: 'no' },
    });
    expect(await service.getHealth({})).toMatchObject({ ready: false, problems: [expect.stringContaining('no')] });
  });

  it('answers UNIMPLEMENTED for what this host does not have', async () => {
    const { service } = await adminForTest();

    expect(await service.verifyAudit({ plugin: '' })).toMatchObject({ error: { code: 'UNIMPLEMENTED' } });
    expect(await service.reloadConfiguration({}, AS_ADA)).toMatchObject({ error: { code: 'UNIMPLEMENTED' } });
    expect(await service.diagnose({})).toEqual({ checks: [] });
  });

  it('asks for at most 1,000 entries of the audit, and for 100 when nothing is said', async () => {
    const asked: unknown[] = [];
    const { service } = await adminForTest({
      audit: async (plugin, after, limit) => {
        asked.push([plugin, after, limit]);
        return [];
      },
    });

    for (const limit of [0, 7, 100_000]) await service.listAudit({ plugin: 'kv', after: 5n, limit });

    expect(asked).toEqual([
      ['kv', 5, 100],
      ['kv', 5, 7],
      ['kv', 5, 1000],
    ]);
  });

  it('is not ready while an active plugin of this host is not, and says which', async () => {
    const process = { name: 'kv', state: 'backingOff' } as never;
    const { service } = await adminForTest({ list: async () => [{ row: rowOf(), versions: [], process }] });

    expect(await service.getHealth({})).toMatchObject({
      ready: false,
      version: '9.9.9',
      hostId: 'host-1',
      plugins: [{ state: 'active', count: 1 }],
      problems: ['plugin "kv" is active, and its process backingOff'],
    });
  });
});

describe('logs', () => {
  it('follows the lines of a plugin and ends with its caller', async () => {
    const { service, logs } = await adminForTest();
    logs.hub.logger.log('info', 'a', { plugin: 'kv', size: 3 });
    const leave = new AbortController();
    const request = { plugin: 'kv', after: 0n, lines: 0, follow: true, level: '' };
    const lines = service.tailLogs(request, { signal: leave.signal })[Symbol.asyncIterator]();

    const first = await lines.next();
    logs.hub.logger.log('warn', 'b', { plugin: 'kv' });
    const second = await lines.next();
    leave.abort();

    expect(first.value).toMatchObject({
      item: { $case: 'line', value: { message: 'a', level: 'info', fieldsJson: '{"size":3}' } },
    });
    expect(second.value).toMatchObject({ item: { $case: 'line', value: { message: 'b', level: 'warn' } } });
    await expect(lines.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('sets the level of a plugin, takes it back, and refuses one that is none', async () => {
    const { service } = await adminForTest();
    const set = (plugin: string, level: string): Promise<unknown> => service.setLogLevel({ plugin, level }, AS_ADA);

    expect(await set('kv', 'debug')).toMatchObject({ level: 'info', plugins: [{ plugin: 'kv', level: 'debug' }] });
    expect(await set('', 'error')).toMatchObject({ level: 'error', plugins: [{ plugin: 'kv', level: 'debug' }] });
    expect(await set('kv', '')).toMatchObject({ level: 'error', plugins: [] });
    expect(await set('kv', 'loud')).toMatchObject({ error: { code: 'INVALID_OPTIONS' } });
    expect(await set('', '')).toMatchObject({ error: { code: 'INVALID_OPTIONS' } });
    await expect(service.setLogLevel({ plugin: '', level: 'info' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('lets go of whoever follows a log when it is closed, and does not wait for that', async () => {
    const { server, service, logs } = await adminForTest();
    const request = { plugin: '', after: 0n, lines: 0, follow: true, level: '' };
    const lines = service.tailLogs(request)[Symbol.asyncIterator]();
    logs.hub.logger.log('info', 'here', { plugin: 'kv' });
    await lines.next();

    const next = lines.next();
    // Far longer than the test may take.
    await server.close({ deadlineMs: 3_600_000 });

    expect(await next).toMatchObject({ done: true });
  });

  it('removes the log of a plugin that is uninstalled with its data, and keeps it otherwise', async () => {
    const { service, logs, directory } = await adminForTest({ uninstall: async () => {} });
    const file = join(directory, 'logs', 'kv.log');
    logs.hub.logger.log('info', 'here', { plugin: 'kv' });
    for await (const _ of logs.tail()) break;
    const request = { name: 'kv', dependents: Dependents.DEPENDENTS_REFUSE };

    await reportsOf(service.uninstallPlugin({ ...request, removeData: false }, AS_ADA));
    const isKept = existsSync(file);
    await reportsOf(service.uninstallPlugin({ ...request, removeData: true }, AS_ADA));

    expect([isKept, existsSync(file)]).toEqual([true, false]);
  });

  it('lets 64 callers follow at one time, and refuses the 65th', async () => {
    const { service, logs } = await adminForTest();
    logs.hub.logger.log('info', 'a', { plugin: 'kv' });
    const leave = new AbortController();
    const request = { plugin: '', after: 0n, lines: 1, follow: true, level: '' };
    const follow = () => service.tailLogs(request, { signal: leave.signal })[Symbol.asyncIterator]();
    const open = Array.from({ length: 64 }, follow);
    await Promise.all(open.map((lines) => lines.next()));

    await expect(follow().next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    leave.abort();
    await Promise.allSettled(open.map((lines) => lines.next()));
  });
});
