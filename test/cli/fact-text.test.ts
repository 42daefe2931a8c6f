import { describe, expect, it } from 'vitest';
import { factText } from '../../src/cli/fact-text.ts';

const failure = { code: 'PLUGIN_CRASHED', message: 'plugin "a" exited\nwith code 1', phase: 'ready' } as const;

describe('factText', () => {
  it.each<[Parameters<typeof factText>[0], string]>([
    [{ type: 'plugin.starting', launch: 1 }, 'starts'],
    [{ type: 'plugin.starting', launch: 3 }, 'starts again (start 3)'],
    [{ type: 'plugin.ready', pid: 42, launch: 1 }, 'is ready as process 42'],
    [{ type: 'plugin.unhealthy', missed: 1, message: 'no answer' }, 'missed 1 health check: no answer'],
    [{ type: 'plugin.unhealthy', missed: 2, message: 'no answer' }, 'missed 2 health checks: no answer'],
    [
      { type: 'plugin.failed', failure, exit: undefined, stderrTail: [] },
      'failed [PLUGIN_CRASHED]: plugin "a" exited with code 1',
    ],
    [{ type: 'plugin.backingOff', attempt: 1, delayMs: 512.4 }, 'is started again in 512 ms'],
    [{ type: 'plugin.quarantined', failure }, 'is in quarantine: it crashed too often and is not started again'],
    [{ type: 'plugin.dead', outcome: { kind: 'stopped' } }, 'is stopped'],
    [
      { type: 'plugin.eventsUnsupported', failure: { code: 'EVENTS_UNSUPPORTED', message: 'in no form' } },
      'gets no events [EVENTS_UNSUPPORTED]: in no form',
    ],
    [
      { type: 'plugin.dead', outcome: { kind: 'failed', failure, exit: undefined, stderrTail: [] } },
      'has ended for good',
    ],
  ])('says $type on 1 line', (fact, text) => {
    expect(factText(fact).text).toBe(text);
  });
});
