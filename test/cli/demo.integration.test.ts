import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, isAlive, waitFor } from '../transport/process/support.ts';
import { interruptDemo } from './demo/interrupt-demo.ts';
import { runTroupe, startTroupe, temporaryDirectory } from './support.ts';
import type { CommandResult, RunningCommand } from './support.ts';

const NAMES = ['steady', 'fragile', 'target'];
const STORY_LINE = /^ *\d+\.\d\d s {2}(demo|steady|fragile|target) +\S/;

interface Result {
  readonly plugins: readonly { name: string; state: string; restarts: number; startMs: number }[];
  readonly calls: { ok: number; failed: number };
  readonly leaks: { processes: number; sockets: number };
  readonly durationMs: number;
  readonly journals?: string;
}

describe('troupe demo --json, with the third plugin killed by this test', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  const temporary = join(directory, 't');
  const journals = join(directory, 'kept', 'journals');
  const children = new Set<number>();
  let ended: CommandResult;
  let result: Result;

  beforeAll(async () => {
    mkdirSync(temporary);
    const args = ['demo', '--only', 'recovery', '--json', '--outside-kill', '--keep-journal', journals];
    const demo = startTroupe(args, { env: { TMPDIR: temporary } });
    const sample = setInterval(() => childrenOf(demo.pid).forEach((pid) => children.add(pid)), 20);
    try {
      process.kill(await pidOf('target', journals), 'SIGKILL');
      ended = await demo.ended;
    } finally {
      clearInterval(sample);
    }
    result = JSON.parse(ended.stdout) as Result;
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it('ends with 0 and prints 1 line of JSON to standard output', () => {
    expect(ended.code).toBe(0);
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('tells what became of each plugin', () => {
    expect(result).toEqual({
      plugins: [
        { name: 'steady', state: 'ready', restarts: 0, startMs: expect.any(Number) },
        { name: 'fragile', state: 'ready', restarts: 1, startMs: expect.any(Number) },
        { name: 'target', state: 'ready', restarts: 1, startMs: expect.any(Number) },
      ],
      calls: { ok: expect.any(Number), failed: expect.any(Number) },
      leaks: { processes: 0, sockets: 0 },
      durationMs: expect.any(Number),
      journals,
    });
    expect(result.durationMs).toBeLessThan(30_000);
  });

  it('counts calls as the journals of the plugins do', () => {
    const jobs = NAMES.flatMap((name) => readJournal(name).jobs);
    const { ok, failed } = result.calls;

    expect(new Set(jobs).size).toBe(jobs.length);
    expect(jobs.length).toBeGreaterThanOrEqual(ok);
    expect(jobs.length).toBeLessThanOrEqual(ok + failed);
    expect(failed).toBeGreaterThanOrEqual(2);
    expect(ok).toBeGreaterThan(100);
  });

  it('shows as many processes of each plugin as 1 and its restarts', () => {
    const counts = result.plugins.map(({ name }) => readJournal(name).pids.length);

    expect(counts).toEqual(result.plugins.map(({ restarts }) => restarts + 1));
  });

  it('shows 1 deliberate crash, of the fragile plugin', () => {
    expect(NAMES.map((name) => readJournal(name).crashes)).toEqual([0, 1, 0]);
  });

  it('leaves no process, no socket and no temporary directory behind', () => {
    const seen = new Set([...children, ...NAMES.flatMap((name) => readJournal(name).pids)]);

    expect(seen.size).toBeGreaterThanOrEqual(5);
    expect([...seen].filter(isAlive)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('says on standard error whom to kill, or that it happened', () => {
    expect(ended.stderr).toContain('target   its process has ended: SIGKILL');
  });

  it('refuses to write over the journals of an earlier run', async () => {
    const { code, stderr } = await runTroupe(['demo', '--keep-journal', journals]);

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error \[ALREADY_EXISTS\]: journal ".*steady\.journal" of an earlier run exists already\n$/,
    );
  });

  function readJournal(name: string): { jobs: string[]; pids: number[]; crashes: number } {
    const lines = readFileSync(join(journals, `${name}.journal`), 'utf8')
      .trimEnd()
      .split('\n');
    const entries = lines.map((line) => line.split(' '));
    const jobs = entries.map(([id = '']) => id).filter((id) => id !== 'crash');
    return { jobs, pids: [...new Set(entries.map(([, pid]) => Number(pid)))], crashes: entries.length - jobs.length };
  }
});

describe('troupe demo, not in a terminal', () => {
  let ended: CommandResult;
  let story: string[];

  beforeAll(async () => {
    ended = await runTroupe(['demo', '--only', 'recovery']);
    story = ended.stdout.slice(0, ended.stdout.indexOf('\nWhat happened')).trimEnd().split('\n');
  });

  it('ends with 0 and nothing on standard error', () => {
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('prints one plain line for each event', () => {
    expect(story.filter((line) => !STORY_LINE.test(line))).toEqual([]);
    // oxlint-disable-next-line no-control-regex
    expect(ended.stdout).not.toMatch(/\u001b/);
  });

  it('shows the failed calls with code, phase, exit and last words', () => {
    expect(ended.stdout).toMatch(/fragile {2}call fragile-26 fails: plugin "fragile" exited with code 3/);
    expect(ended.stdout).toMatch(
      /PLUGIN_CRASHED, phase ready, exit code 3, last words "fragile: a defect after 25 jobs/,
    );
    // The answer of the call in whose middle it is killed may be on its way already; then the next call is the first to fail.
    expect(ended.stdout).toMatch(
      /target {3}call target-\d+ fails: plugin "target" (was ended by SIGKILL.*\n.*PLUGIN_CRASHED, phase ready, signal SIGKILL|takes no calls.*\n.*PLUGIN_UNAVAILABLE)/,
    );
  });

  it('shows that both plugins answer again', () => {
    const recovered = [...ended.stdout.matchAll(/(\w+) +answers again/g)].map(([, name]) => name);

    expect(recovered).toEqual(['fragile', 'target']);
  });

  it('streams the numbers from 1 to 5', () => {
    expect(ended.stdout).toContain('streams the numbers 1 2 3 4 5');
  });

  it('ends with a summary: calls, restarts, leaks, and what to look at next', () => {
    const summary = ended.stdout.slice(ended.stdout.indexOf('\nWhat happened'));

    expect(summary).toMatch(/fragile {2}ended with exit code 3; it was restarted once/);
    expect(summary).toMatch(/target {3}ended with SIGKILL; it was restarted once/);
    expect(summary).toMatch(/calls +\d+ succeeded, \d+ failed: \d+ PLUGIN_CRASHED, \d+ PLUGIN_UNAVAILABLE/);
    expect(summary).toContain('0 processes, 0 sockets left behind');
    expect(summary).toContain('What to look at next');
  });
});

describe('troupe demo under Ctrl+C', () => {
  it.each([
    ['at work', 'answers again', 'SIGINT', 130],
    ['while plugins start', 'target   starts', 'SIGINT', 130],
    ['at work, by a service manager', 'streams the numbers', 'SIGTERM', 143],
  ] as const)('%s stops its plugins and ends with its code', async (_, moment, signal, code) => {
    const { stdout, ...end } = await interruptDemo([], moment, signal);

    expect(end).toEqual({ code, stderr: '', left: [] });
    expect(stdout).toContain(`was interrupted by ${signal}`);
    expect(stdout).not.toContain('What happened');
  });

  it('prints nothing to standard output with --json', async () => {
    const journals = join(temporaryDirectory(), 'j');
    const demo = startTroupe(['demo', '--json', '--keep-journal', journals]);
    await pidOf('steady', journals);

    demo.signal('SIGINT');

    expect(await demo.ended).toMatchObject({ code: 130, stdout: '' });
  });
});

describe('troupe demo that cannot work', () => {
  it('names a temporary directory that does not exist', async () => {
    const { code, stderr } = await runTroupe(['demo'], { env: { TMPDIR: '/does/not/exist' } });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error \[PERMISSION_DENIED\]: .*"\/does\/not\/exist"\n$/);
  });

  it('names the 3 scenes that there are', async () => {
    const { code, stdout, stderr } = await runTroupe(['demo', '--only', 'encore']);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain("argument 'encore' is invalid: allowed choices are recovery, events, lifecycle\n");
  });

  it('refuses a file in the place of the journals', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');

    const { code, stderr } = await runTroupe(['demo', '--keep-journal', file]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error \[PERMISSION_DENIED\]: directory ".*file" for the journals cannot be made\n$/);
  });

  it('goes on to its end when nobody reads its output any more', async () => {
    const temporary = temporaryDirectory();
    const demo: RunningCommand = startTroupe(['demo', '--only', 'recovery'], { env: { TMPDIR: temporary } });
    await demo.printed('streams the numbers');

    demo.closeOutput();
    const { code } = await demo.ended;

    expect(code).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

// Helpers

/** The process that did the first job of a plugin. */
async function pidOf(name: string, journals: string): Promise<number> {
  const file = join(journals, `${name}.journal`);
  await waitFor(`a job of ${name}`, () => existsSync(file) && readFileSync(file, 'utf8').includes('\n'), 20_000);
  return Number(readFileSync(file, 'utf8').split('\n')[0]?.split(' ')[1]);
}
