import { describe, expect, it } from 'vitest';
import { logLastWords } from '../../../src/cli/run/last-words.ts';
import type { HostFact } from '../../../src/host/index.ts';
import type { LogLevel } from '../../../src/ports/index.ts';

describe('logLastWords', () => {
  it('logs each line that a plugin wrote before it failed, and no empty one', () => {
    expect(loggedAt('info', ['no database', '', '  at main'])).toEqual(['warn kv no database', 'warn kv   at main']);
  });

  it('logs no line that has a level of its own, and no stack of a panic, which are in the log already', () => {
    const lines = ['{"@level":"error","@message":"no database","password":"x"}', '[DEBUG] asks again', '{"level":30}'];

    expect(loggedAt('info', lines)).toEqual(['warn kv {"level":30}']);
    expect(loggedAt('info', ['exits', 'panic: no database', 'main.main()'])).toEqual(['warn kv exits']);
  });

  it.each(['debug', 'trace'] as const)('logs none at level %s, where they are in the log already', (level) => {
    expect(loggedAt('info', ['no database'], level)).toEqual([]);
    expect(loggedAt(level, ['no database'])).toEqual([]);
  });
});

// Helpers

function loggedAt(level: LogLevel, stderrTail: readonly string[], own?: LogLevel): string[] {
  const lines: string[] = [];
  let tell: (fact: HostFact) => void = () => {};
  const logger = {
    log: (at: LogLevel, message: string, fields?: object) =>
      void lines.push(`${at} ${String((fields as { plugin?: unknown }).plugin)} ${message}`),
    child: () => logger,
  };
  logLastWords(
    {
      onFact(listener) {
        tell = listener;
        return () => {};
      },
    },
    { logger, levels: () => ({ level, plugins: new Map(own === undefined ? [] : [['kv', own]]) }) },
  );
  const failure = { code: 'PLUGIN_EXITED_EARLY', message: 'plugin "kv" exited with code 1 before it was ready' };
  tell({ type: 'plugin.failed', plugin: 'kv', failure, exit: undefined, stderrTail } as HostFact);
  return lines;
}
