import { describe, expect, it } from 'vitest';
import { createUploadTurns } from '../../../src/host/dev/upload-turns.ts';

const by = (generation: number, session = 's') => ({ session, generation });

describe('createUploadTurns', () => {
  it('T3: passes over older sources of the same session, whether the newer ones run or are done', async () => {
    const turns = createUploadTurns<string>();
    const release = Promise.withResolvers<string>();

    const newer = turns.take('kv', by(2), () => release.promise);
    const older = turns.take('kv', by(1), async () => 'old');
    release.resolve('new');
    const late = await turns.take('kv', by(1), async () => 'old');

    expect([await newer, await older, late]).toEqual([
      { answer: 'new', isSuperseded: false },
      { answer: 'new', isSuperseded: true },
      { answer: 'new', isSuperseded: true },
    ]);
  });

  it('T3: passes over older sources of a session also when another session was there meanwhile', async () => {
    const turns = createUploadTurns<string>();
    await turns.take('kv', by(5), async () => 'newer');
    await turns.take('kv', by(1, 't'), async () => 'other');

    const late = await turns.take('kv', by(4), async () => 'older');

    expect(late).toEqual({ answer: 'newer', isSuperseded: true });
  });

  it('lets other sessions and other plugins have their turn', async () => {
    const turns = createUploadTurns<string>();
    const release = Promise.withResolvers<string>();

    const first = turns.take('kv', by(5), () => release.promise);
    const other = await turns.take('tv', by(1), async () => 'other');
    const second = turns.take('kv', by(1, 't'), async () => 'second');
    release.resolve('first');

    expect([other.answer, (await first).answer, (await second).answer]).toEqual(['other', 'first', 'second']);
  });

  it('goes on after work that failed, and tells those that gave way to it', async () => {
    const turns = createUploadTurns<string>();
    const release = Promise.withResolvers<string>();

    const running = turns.take('kv', by(1), () => release.promise);
    const replaced = turns.take('kv', by(2), async () => 'never');
    const failing = turns.take('kv', by(3), () => Promise.reject(new Error('no')));
    release.resolve('done');

    await expect(running).resolves.toEqual({ answer: 'done', isSuperseded: false });
    await expect(failing).rejects.toThrow('no');
    await expect(replaced).rejects.toThrow('no');
    expect((await turns.take('kv', by(4), async () => 'again')).answer).toBe('again');
  });
});
