import { describe, expect, it, vi } from 'vitest';
import { inspectInStately } from '../../../src/actors/index.ts';
import { createRecordingLogger } from '../../../src/ports/index.ts';

describe('without @statelyai/inspect', () => {
  it('`ready` rejects with PEER_MISSING, the log says so, and nothing else happens', async () => {
    vi.doMock('@statelyai/inspect', () => {
      throw new TypeError('not installed');
    });
    const log = createRecordingLogger({ now: () => 0 });

    const inspect = inspectInStately({ log });

    await expect(inspect.ready).rejects.toMatchObject({ code: 'PEER_MISSING' });
    expect(log.entries).toMatchObject([{ level: 'error', message: 'nothing is shown in the inspector' }]);
    expect(() => inspect.close()).not.toThrow();
  });
});
