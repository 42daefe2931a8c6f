import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ParentDeathMode } from '../../../src/transport/process/index.ts';
import { readFirstLine } from '../../../src/transport/process/index.ts';
import { HOLDER, isAlive, killAtEnd, launcherForTest, reapersOf, waitFor } from './support.ts';

const MODES: ParentDeathMode[] = process.platform === 'linux' ? ['setpriv', 'reaper', 'none'] : ['reaper', 'none'];
const WITH_GRANDCHILD = 'sleep 300 & echo $!;';

describe.each(MODES)('a launcher with parent death mode %s', (parentDeath) => {
  it('starts a process with the given arguments and working directory', async () => {
    const { launch } = launcherForTest({ parentDeath });

    const running = await launch('sh', ['-c', 'echo "$PWD|$1|$$"', 'sh', 'a  b*'], { cwd: '/usr' });

    expect(await text(running.stdout)).toBe(`/usr|a  b*|${running.pid}\n`);
    expect(await running.exited).toEqual({ code: 0, signal: null });
  });

  it('gives exactly the given environment, also when the host has NODE_V8_COVERAGE', async () => {
    const previous = process.env['NODE_V8_COVERAGE'];
    process.env['NODE_V8_COVERAGE'] ??= '/nowhere';
    onTestFinished(() => {
      if (previous === undefined) delete process.env['NODE_V8_COVERAGE'];
    });
    const { launch } = launcherForTest({ parentDeath });

    const running = await launch('env', ['-0'], { env: { PEM: 'a\nb\n', EMPTY: '' } });

    const entries = (await text(running.stdout)).split('\0').filter(Boolean).toSorted();
    expect(entries).toEqual(['EMPTY=', 'PATH=/usr/bin:/bin', 'PEM=a\nb\n']);
  });

  it('gives an empty input and a session and group of its own', async () => {
    const { launch } = launcherForTest({ parentDeath });

    const running = await launch('sh', ['-c', 'cat; ps -o pgid=,sid= -p $$ || exit 9']);

    const ids = (await text(running.stdout)).trim().split(/\s+/).map(Number);
    expect(ids).toEqual([running.pid, running.pid]);
  });

  it('tells the exit code, or the signal', async () => {
    const { launch } = launcherForTest({ parentDeath });

    const failing = await launch('sh', ['-c', 'exit 7']);
    const signalled = await launch('sleep', ['300']);

    expect(signalled.signal('SIGTERM')).toBe(true);
    expect(await failing.exited).toEqual({ code: 7, signal: null });
    expect(await signalled.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('signals nobody after the exit', async () => {
    const { launch } = launcherForTest({ parentDeath });
    const running = await launch('true');

    await running.exited;
    const kill = vi.spyOn(process, 'kill');
    onTestFinished(() => kill.mockRestore());

    expect(running.signal('SIGKILL')).toBe(false);
    expect(running.signalGroup('SIGKILL')).toBe(false);
    // The number may be somebody else's by now.
    expect(kill).not.toHaveBeenCalled();
  });

  it('reaches grandchildren with a signal to the group', async () => {
    const { launch } = launcherForTest({ parentDeath });
    const running = await launch('sh', ['-c', `${WITH_GRANDCHILD} exec sleep 300`]);
    const grandchild = Number(await readFirstLine(running.stdout));
    killAtEnd(grandchild);

    expect(running.signalGroup('SIGKILL')).toBe(true);

    expect(await running.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await waitFor('the grandchild is gone', () => !isAlive(grandchild));
  });

  it('leaves no grandchild of a process that crashes', async () => {
    const { launch } = launcherForTest({ parentDeath });
    const running = await launch('sh', ['-c', `${WITH_GRANDCHILD} kill -SEGV $$`]);
    const grandchild = Number(await readFirstLine(running.stdout));
    killAtEnd(grandchild);

    expect(await running.exited).toMatchObject({ signal: 'SIGSEGV' });

    await waitFor('the grandchild is gone', () => !isAlive(grandchild));
  });

  it('tells the exit although somebody outside the group holds the pipes', async () => {
    const { launch } = launcherForTest({ parentDeath });
    const running = await launch('sh', ['-c', `${HOLDER} exit 4`]);
    const holder = Number(await readFirstLine(running.stdout));
    killAtEnd(holder);

    expect(await running.exited).toEqual({ code: 4, signal: null });
    running.release();
    running.release();

    expect(isAlive(holder)).toBe(true);
    expect([running.stdout.destroyed, running.stderr.destroyed]).toEqual([true, true]);
  });

  it.each<[string, string, RegExp]>([
    ['no-such-command', 'COMMAND_NOT_FOUND', /"no-such-command"/],
    ['/no/such/command', 'COMMAND_NOT_FOUND', /"\/no\/such\/command"/],
    ['/usr', 'COMMAND_NOT_EXECUTABLE', /"\/usr" is a directory/],
    ['/etc/passwd', 'COMMAND_NOT_EXECUTABLE', /"\/etc\/passwd" may not be executed/],
  ])('rejects %s with %s', async (command, code, message) => {
    const { launch } = launcherForTest({ parentDeath });

    await expect(launch(command)).rejects.toMatchObject({ code, rawMessage: expect.stringMatching(message) });
  });

  it('rejects a working directory that is missing or a file, by name', async () => {
    const { launch } = launcherForTest({ parentDeath });

    for (const cwd of ['/no/such/directory', '/etc/passwd']) {
      const launching = launch('sh', [], { cwd });
      await expect(launching).rejects.toMatchObject({
        code: 'SPAWN_FAILED',
        rawMessage: expect.stringContaining(`working directory "${cwd}" for command "sh"`),
      });
    }
  });

  it('rejects arguments of 4 MiB with the reason of the operating system', async () => {
    const { launch } = launcherForTest({ parentDeath });

    const launching = launch('true', ['x'.repeat(4 * 1024 * 1024)]);

    await expect(launching).rejects.toMatchObject({ code: 'SPAWN_FAILED', details: { reason: 'E2BIG' } });
  });

  it('launches nothing after it was closed, also when that was in between', async () => {
    const { launch, close } = launcherForTest({ parentDeath });

    const launching = launch('sleep', ['300']);
    close();

    await expect(launching).rejects.toMatchObject({ code: 'HOST_STOPPED' });
    await expect(launch('sleep', ['300'])).rejects.toMatchObject({ code: 'HOST_STOPPED' });
  });
});

describe('a launcher that leaves the group alone after an exit', () => {
  it('signals what is left once, until the release', async () => {
    const { launch } = launcherForTest({ parentDeath: 'none', killGroupAfterExit: false });
    const running = await launch('sh', ['-c', `${WITH_GRANDCHILD} exit 0`]);
    const grandchild = Number(await readFirstLine(running.stdout));
    killAtEnd(grandchild);
    await running.exited;

    expect(isAlive(grandchild)).toBe(true);
    expect(running.signalGroup('SIGKILL')).toBe(true);
    expect(running.signalGroup('SIGKILL')).toBe(false);

    await waitFor('the grandchild is gone', () => !isAlive(grandchild));
  });

  it('signals nobody when nobody is left, or after the release', async () => {
    const { launch } = launcherForTest({ parentDeath: 'none', killGroupAfterExit: false });
    const alone = await launch('true');
    const released = await launch('sh', ['-c', `${WITH_GRANDCHILD} exit 0`]);
    const grandchild = Number(await readFirstLine(released.stdout));
    killAtEnd(grandchild);
    await Promise.all([alone.exited, released.exited]);

    released.release();

    expect(alone.signalGroup('SIGKILL')).toBe(false);
    expect(released.signalGroup('SIGKILL')).toBe(false);
    expect(isAlive(grandchild)).toBe(true);
  });
});

describe.skipIf(process.platform !== 'linux')('the reaper of a launcher', () => {
  it('starts with the first process, serves all, and ends with close', async () => {
    const { launch, close } = launcherForTest({ parentDeath: 'reaper' });
    expect(reapersOf(process.pid)).toEqual([]);

    const all = [await launch('sleep', ['300']), await launch('sleep', ['300'])];
    await waitFor('one reaper runs', () => reapersOf(process.pid).length === 1);
    for (const running of all) running.signalGroup('SIGKILL');
    await Promise.all(all.map(({ exited }) => exited));
    close();

    await waitFor('no reaper runs', () => reapersOf(process.pid).length === 0);
  });

  it('stays after close until the last process is gone', async () => {
    const { launch, close } = launcherForTest({ parentDeath: 'reaper' });
    const running = await launch('sleep', ['300']);
    await waitFor('the reaper runs', () => reapersOf(process.pid).length === 1);

    close();
    expect(isAlive(running.pid)).toBe(true);
    running.signal('SIGKILL');

    await waitFor('no reaper runs', () => reapersOf(process.pid).length === 0);
  });

  it('is replaced when somebody kills it', async () => {
    const { launch } = launcherForTest({ parentDeath: 'reaper' });
    const running = await launch('sleep', ['300']);
    await waitFor('the reaper runs', () => reapersOf(process.pid).length === 1);
    const [first = 0] = reapersOf(process.pid);

    process.kill(first, 'SIGKILL');

    await waitFor('another reaper runs', () => reapersOf(process.pid).some((pid) => pid !== first));
    expect(isAlive(running.pid)).toBe(true);
  });
});
