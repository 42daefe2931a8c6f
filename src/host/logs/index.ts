export { createLogHub } from './log-hub.ts';
export type { LogHub, LogHubOptions, LogLevels, LogSink } from './log-hub.ts';
export { HOST_LOG, isLogLevel, LOG_LEVELS } from './log-record.ts';
export type { LogItem, LogRecord } from './log-record.ts';
export type { LogSubscription, LogSubscriptionOptions } from './log-subscription.ts';
export { openPluginLogs } from './plugin-logs.ts';
export type { PluginLogs, PluginLogsOptions, TailOptions } from './plugin-logs.ts';
export { createOutputLog } from './output-lines.ts';
export type { OutputChunk } from './output-lines.ts';
