// Helpers for tests of logs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLogHub, openPluginLogs } from '../../../src/host/logs/index.ts';
import type { LogHub, LogItem, PluginLogs, PluginLogsOptions } from '../../../src/host/logs/index.ts';
import type { LogHubOptions } from '../../../src/host/logs/log-hub.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';
import type { LogLevel } from '../../../src/ports/index.ts';

/** A hub whose time stands still. */
export function hubForTest(options: Partial<LogHubOptions> = {}): LogHub {
  const hub = createLogHub({ clock: createVirtualClock({ startAt: 1 }), ...options });
  onTestFinished(() => hub.close());
  return hub;
}

/** Logs in a directory that goes with the test. */
export async function logsForTest(options: Partial<PluginLogsOptions> = {}): Promise<PluginLogs> {
  const directory = options.directory ?? temporaryLogs();
  const logs = await openPluginLogs({ clock: createVirtualClock({ startAt: 1 }), ...options, directory });
  onTestFinished(() => logs.close());
  return logs;
}

/** A directory that goes with the test. */
export function temporaryLogs(): string {
  const directory = mkdtempSync(join(tmpdir(), 'logs-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Logs a line of a plugin. */
export function say(hub: LogHub, plugin: string, message: string, level: LogLevel = 'info'): void {
  hub.logger.log(level, message, { plugin });
}

/** The next items, as short texts: a line's message, or `-N` for lines that are missing. */
export async function take(items: AsyncIterator<LogItem>, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { done, value } = await items.next();
    if (done === true) break;
    texts.push(textOf(value));
  }
  return texts;
}

/** All items until the end, as short texts. */
export async function takeAll(items: AsyncIterable<LogItem>): Promise<string[]> {
  const texts: string[] = [];
  for await (const item of items) texts.push(textOf(item));
  return texts;
}

function textOf(item: LogItem): string {
  return item.kind === 'line' ? item.record.message : `-${item.missed}`;
}
