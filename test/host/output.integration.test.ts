import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import type { PluginOutputChunk } from '../../src/transport/index.ts';
import { createTestHost, hostForTest, waitFor } from './support.ts';
import type { ProbePlugin, TestHost } from './support.ts';

/** Far above what is kept of it. */
const FLOOD_BYTES = 100_000_000;
const LINE = '0123456789abcde'.repeat(66);
const LINE_BYTES = LINE.length + 1;

describe('the standard error of a running plugin', () => {
  const shared = sharedProbe();

  it.each([
    ['{"@level":"info","@message":5}', 'debug', 'LOG_LINE_MALFORMED'],
    ['{"@level":"info","@message":', 'debug', 'LOG_LINE_MALFORMED'],
    ['[WARN] mind the gap', 'warn', undefined],
    ['plain words', 'debug', undefined],
  ])('is logged: %s', async (line, level, problem) => {
    const { test, put } = shared();

    await put('errors', `${line}\n`);

    const message = line.replace('[WARN] ', '');
    await logged(test, (entry) => entry.message === message);
    const entry = test.log.entries.find((one) => one.message === message);
    expect(entry).toMatchObject({ level, fields: { plugin: 'probe', ...(problem && { problem }) } });
  });

  it('is logged with its fields when it is a structured entry', async () => {
    const { test, plugin } = shared();

    await plugin.dispense('probe').log({ level: 'warn', message: 'structured' });

    await logged(test, (entry) => entry.message === 'structured');
    const entry = test.log.entries.find(({ message }) => message === 'structured');
    expect(entry).toMatchObject({ level: 'warn', fields: { plugin: 'probe', logger: 'probe', from: 'probe' } });
  });

  it('is logged with replacement characters when it is not UTF-8', async () => {
    const { test, put } = shared();

    await put('errors', Buffer.from('62c3a96520ff fe0a'.replace(/ /g, ''), 'hex'));

    await logged(test, (entry) => entry.message.startsWith('bée'));
    expect(test.log.entries.map(({ message }) => message)).toContain('bée \ufffd\ufffd');
  });

  it('is cut after 64 KiB when a line has 1 MiB, and the next line is whole', async () => {
    const { test, put } = shared();

    await put('errors', `long ${'x'.repeat(1024 * 1024)}\nafter it\n`);

    await logged(test, (entry) => entry.message === 'after it');
    const long = test.log.entries.filter(({ message }) => message.startsWith('long '));
    expect(long.map(({ message }) => message.length)).toEqual([65_536]);
  });

  it('is dropped above 1,000 lines a second in a flood of 100 MB, and calls are answered meanwhile', async () => {
    const { test, plugin, put } = shared();
    const grownBytes = watchMemory();
    const kept = (): number => test.log.entries.filter(({ message }) => message === LINE).length;
    const start = performance.now();

    await put('shell', `yes ${LINE} | head -c ${FLOOD_BYTES} >&2`);
    await answersUntil(plugin, () => kept() + droppedLines(test) >= Math.floor(FLOOD_BYTES / LINE_BYTES));

    // What passes at once after a quiet time comes on top.
    expect(kept()).toBeLessThanOrEqual(5_000 + performance.now() - start);
    expect(droppedLines(test)).toBeGreaterThan(50_000);
    expect(grownBytes()).toBeLessThan(FLOOD_BYTES / 2);
  });
});

describe('the standard output of a running plugin', () => {
  const shared = sharedProbe();

  it('reaches its listener byte for byte in a flood of 100 MB by a child process', async () => {
    const { plugin, put, output } = shared();
    const grownBytes = watchMemory();
    const before = output.bytes;

    await put('shell', `yes ${LINE} | head -c ${FLOOD_BYTES}`);
    await answersUntil(plugin, () => output.bytes - before >= FLOOD_BYTES);

    expect(output.bytes - before).toBe(FLOOD_BYTES);
    expect(grownBytes()).toBeLessThan(FLOOD_BYTES / 2);
  });

  it('is dropped and reported in a flood of 50 MB by the plugin itself', async () => {
    const { test, plugin, put, output } = shared();
    const before = output.bytes;
    const printedBytes = 50 * 1024 * 1024;

    await put('flood', String(printedBytes));
    await answersUntil(plugin, () => test.log.entries.some(({ fields }) => fields['problem'] === 'OUTPUT_DROPPED'));

    const [entry] = test.log.entries.filter(({ fields }) => fields['problem'] === 'OUTPUT_DROPPED');
    expect(entry).toMatchObject({ level: 'warn', fields: { plugin: 'probe' } });
    await waitFor('all bytes are accounted for', () => {
      const dropped = test.log.entries.map(({ fields }) => (fields['problem'] ? Number(fields['bytes']) : 0));
      return output.bytes - before + dropped.reduce((sum, bytes) => sum + bytes, 0) === printedBytes;
    });
  });
});

describe('the output of a plugin that prints at once after its handshake', () => {
  it('is kept for its listener, all 32 KiB of it', async () => {
    const test = hostForTest();
    let bytes = 0;

    await test.probe({ onOutput: ({ data }) => void (bytes += data.length) }, { printBytes: 32_768 });

    await waitFor('all output came', () => bytes >= 32_768);
    expect(bytes).toBe(32_768);
  });
});

describe('an output listener that throws', () => {
  it('is reported, and hears of the next output all the same', async () => {
    const test = hostForTest();
    const heard: string[] = [];
    const onOutput = ({ data }: PluginOutputChunk): void => {
      heard.push(data.toString());
      throw new Error('no ears');
    };
    const plugin = await test.probe({ onOutput });
    const probe = plugin.dispense('probe');

    await probe.print({ stream: 'stdout', text: 'one' });
    await waitFor('the first output', () => heard.length === 1);
    await probe.print({ stream: 'stdout', text: 'two' });
    await waitFor('the second output', () => heard.length === 2);

    expect(heard).toEqual(['one\n', 'two\n']);
    expect(await probe.echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
    const complaints = test.log.entries.filter(({ message }) => message.includes('output listener'));
    expect(complaints.map(({ level }) => level)).toEqual(['error', 'error']);
  });
});

describe('a fact listener that throws', () => {
  it('stops neither the plugin nor the other listeners', async () => {
    const test = hostForTest();
    const heard: string[] = [];
    test.host.onFact(() => {
      throw new Error('no ears');
    });
    test.host.onFact(({ type }) => heard.push(type));

    const plugin = await test.probe();
    plugin.onFact(() => {
      throw new Error('no ears either');
    });
    await plugin.stop();

    expect(heard).toEqual(['plugin.starting', 'plugin.ready', 'plugin.dead']);
  });
});

// Helpers

interface Shared {
  readonly test: TestHost;
  readonly plugin: ProbePlugin;
  /** Bytes of output so far. */
  readonly output: { bytes: number };
  put(key: string, value: string | Buffer): Promise<unknown>;
}

/** One host and one plugin for all tests of a group. */
function sharedProbe(): () => Shared {
  let shared: Shared;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const test = createTestHost();
    ({ close } = test);
    const output = { bytes: 0 };
    const plugin = await test.probe({ onOutput: ({ data }) => void (output.bytes += data.length) });
    const kv = plugin.dispense('kv');
    shared = { test, plugin, output, put: (key, value) => kv.put({ key, value: Buffer.from(value) }) };
  });
  afterAll(() => close());
  return () => shared;
}

function logged(test: TestHost, matches: (entry: TestHost['log']['entries'][number]) => boolean): Promise<void> {
  return waitFor('the log entry', () => test.log.entries.some(matches));
}

function droppedLines({ log }: TestHost): number {
  const lines = log.entries.map(({ fields }) => (fields['problem'] === 'OUTPUT_DROPPED' ? Number(fields['lines']) : 0));
  return lines.reduce((sum, count) => sum + count, 0);
}

/** Calls the plugin again and again until the fact is true. */
async function answersUntil(plugin: ProbePlugin, fact: () => boolean): Promise<void> {
  const probe = plugin.dispense('probe');
  const end = performance.now() + 25_000;
  for (let call = 0; call % 20 !== 0 || !fact(); call += 1) {
    if (performance.now() > end) throw new Error(`not so after ${call} calls`);
    expect((await probe.echo({ text: String(call) }, { timeoutMs: 10_000 })).text).toBe(String(call));
  }
}

/** How far the memory of this process is above what it is now, without what is garbage. */
function watchMemory(): () => number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const used = (): number => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  return () => used() - before;
}
