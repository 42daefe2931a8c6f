import type { Host, LogHub } from '../../host/index.ts';
import { createLogLineParser } from '../../transport/index.ts';

/** What is needed of a log. */
export type LastWordsLog = Pick<LogHub, 'logger' | 'levels'>;

/**
 * Puts the last lines that a plugin wrote on standard error before it failed into its log. Lines without a level are of
 * level debug, and so in no log by default: of a plugin that does not start nobody would ever learn why. Returns the
 * function that ends this.
 */
export function logLastWords(host: Pick<Host, 'onFact'>, log: LastWordsLog): () => void {
  return host.onFact((fact) => {
    if (fact.type !== 'plugin.failed' || hasAllLines(log, fact.plugin)) return;
    const parser = createLogLineParser();
    for (const line of fact.stderrTail) {
      const { level, message } = parser.parse(line);
      // What has a level of its own is in the log already, or is not wanted there.
      const hasNoLevel = level === 'debug' && message === line;
      if (hasNoLevel && line.trim() !== '') log.logger.log('warn', line, { plugin: fact.plugin, stream: 'stderr' });
    }
  });
}

/** Whether the lines are in the log already. */
function hasAllLines(log: LastWordsLog, plugin: string): boolean {
  const { level, plugins } = log.levels();
  const own = plugins.get(plugin) ?? level;
  return own === 'debug' || own === 'trace';
}
