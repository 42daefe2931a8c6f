import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const PORTS = new URL('../../src/ports/index.ts', import.meta.url).href;

describe('importing the ports', () => {
  it('loads no package, pino neither', async () => {
    expect((await runWithPorts('')).packages).toEqual([]);
  });

  it('loads pino at the first entry that passes the level, not before', async () => {
    const below = await runWithPorts("ports.createRealEnvironment().log.log('info', 'quiet');");
    const above = await runWithPorts("ports.createRealEnvironment().log.log('warn', 'loud');");

    expect([below.packages, below.entries]).toEqual([[], []]);
    expect(above.packages).toContain('pino');
  });
});

describe('createRealLogger', () => {
  it('writes one JSON line with level, time, process and fields to standard error', async () => {
    const { entries, pid } = await runWithPorts(`
      const log = ports.createRealEnvironment({ logLevel: 'debug' }).log.child({ plugin: 'kv' });
      log.child({ call: 7 }).log('debug', 'sent %s 100%', { bytes: 3 });
      log.log('trace', 'unseen');
    `);

    expect(entries).toEqual([
      { level: 'debug', time: expect.any(String), pid, plugin: 'kv', call: 7, bytes: 3, msg: 'sent %s 100%' },
    ]);
    expect(Math.abs(Date.parse(entries[0]?.['time'] as string) - Date.now())).toBeLessThan(60_000);
  });

  it('writes errors with message, stack and cause under any key', async () => {
    const { entries } = await runWithPorts(`
      const error = new TypeError('outer', { cause: new Error('inner') });
      ports.createRealLogger().log('error', 'failed', { reason: error });
    `);

    expect(entries[0]?.['reason']).toMatchObject({ type: 'TypeError', message: 'outer', cause: { message: 'inner' } });
  });

  it('lets no field replace level, time, process or message', async () => {
    const { entries, pid } = await runWithPorts(
      "ports.createRealLogger().log('warn', 'real', { level: 'trace', time: 0, pid: 1, msg: 'fake' });",
    );

    expect(entries[0]).toMatchObject({ level: 'warn', pid, msg: 'real', level_: 'trace', pid_: 1, msg_: 'fake' });
  });

  it('survives fields that cannot be printed', async () => {
    const { entries } = await runWithPorts(`
      const log = ports.createRealLogger();
      const loop = {}; loop.self = loop;
      log.log('warn', 'loop', { loop });
      log.log('warn', 'big', { big: 1n });
      log.log('warn', 'lost', { get trap() { throw new Error('trap'); } });
      log.child({ get trap() { throw new Error('trap'); } }).log('warn', 'lost too');
      log.log('warn', 'toJSON', { value: { toJSON() { throw new Error('trap'); } } });
      log.log('warn', 'last');
    `);

    expect(entries.map((entry) => entry['msg'])).toEqual(expect.arrayContaining(['loop', 'big', 'last']));
  });

  it('keeps the process alive and less than 20 MB of 200 MB when standard error is closed', async () => {
    const { stdout } = await execute(`
      import { closeSync } from 'node:fs';
      import * as ports from ${JSON.stringify(PORTS)};
      const log = ports.createRealLogger();
      log.log('error', 'opens the logger');
      closeSync(2);
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < 2000; i++) log.log('error', 'nobody hears this', { text: i + 'x'.repeat(100_000) });
      gc();
      const keptMb = (process.memoryUsage().heapUsed - before) / 1e6;
      setTimeout(() => process.stdout.write(keptMb < 20 ? 'alive' : keptMb + ' MB'), 5);
    `);

    expect(stdout).toBe('alive');
  });

  it('loses no entry before process.exit', async () => {
    const { entries } = await runWithPorts(`
      const log = ports.createRealLogger();
      process.on('exit', () => { for (let i = 0; i < 500; i++) log.log('warn', 'entry', { i }); });
    `);

    expect(entries).toHaveLength(500);
  });
});

// Helpers

interface Run {
  /** Packages that were loaded when the program had ended. */
  readonly packages: readonly string[];
  /** The lines of standard error, parsed. */
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  readonly pid: number;
}

/** Runs `body` in a fresh process in which `ports` is the index of the ports. */
async function runWithPorts(body: string): Promise<Run> {
  const { stdout, stderr } = await execute(`
    import { createRequire, registerHooks } from 'node:module';
    const packages = new Set();
    const note = (name) => { const found = /node_modules\\/([^/]+)/.exec(name); if (found) packages.add(found[1]); };
    registerHooks({ load(url, context, next) { note(url); return next(url, context); } });
    const ports = await import(${JSON.stringify(PORTS)});
    ${body}
    for (const file of Object.keys(createRequire(${JSON.stringify(PORTS)}).cache)) note(file);
    process.stdout.write(JSON.stringify({ packages: [...packages], pid: process.pid }));
  `);
  const entries = stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { ...(JSON.parse(stdout) as Pick<Run, 'packages' | 'pid'>), entries };
}

function execute(program: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    timeout: 20_000,
  });
}
