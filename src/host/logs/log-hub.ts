// Where the lines of all logs meet: those of the plugins, and the host's own.
//
// Invariants:
//   H1. Whoever logs never waits, and nothing that a reader does comes back to it.
//   H2. Each reader has a bounded queue of its own: a slow one costs the others nothing, and is told what it missed.
//   H3. Lines have places that only grow, also over a restart of the host, so that a reader can go on where it was.
//   H4. A line below its plugin's level is not there: it has no place and no cost but the look at the level.
//   H5. The host knows at most `maxPlugins` logs by name that have had a line since its start and are not forgotten; lines of
//       further ones are in its own. Of the others it knows at most as many more, and those that it began with.

import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { requirePositiveInteger } from '../../policy/index.ts';
import { createSafeLogger } from '../../ports/index.ts';
import type { Clock, LogFields, Logger, LogLevel } from '../../ports/index.ts';
import { cutText, plainFields } from '../../transport/go-plugin/index.ts';
import { HOST_LOG, isAtLeast, isLogLevel, LOG_LEVELS } from './log-record.ts';
import type { LogRecord } from './log-record.ts';
import { HubSubscription } from './log-subscription.ts';
import type { LogSubscription, LogSubscriptionOptions } from './log-subscription.ts';

/** How a hub is made. */
export interface LogHubOptions {
  readonly clock: Clock;
  /** The least important level of logs without one of their own. Default `info`. */
  readonly level?: LogLevel | undefined;
  /** Levels by the names of plugins. */
  readonly levels?: ReadonlyMap<string, LogLevel> | undefined;
  /** Places that are used already, by the names of plugins: those of their newest lines. */
  readonly newest?: ReadonlyMap<string, number> | undefined;
  /** Logs that are told apart. Default 1,024. */
  readonly maxPlugins?: number;
  /** Readers at one time. Default 256. */
  readonly maxReaders?: number;
}

/** Levels as they are set. */
export interface LogLevels {
  /** Of all logs that have none of their own. */
  readonly level: LogLevel;
  readonly plugins: ReadonlyMap<string, LogLevel>;
}

/** Takes every line that is logged, at once. Must not throw. */
export type LogSink = (record: LogRecord) => void;

/** Where lines of logs meet. Whoever creates it closes it. */
export interface LogHub {
  /** Logs here. Entries with a field `plugin` that is a name go to the log of that plugin, others to the host's. */
  readonly logger: Logger;
  /** Place of the newest line; 0 for none. */
  readonly newest: number;
  /** Lines logged since the hub was made. */
  readonly logged: number;
  /** Names of all logs that have had a line, sorted. */
  plugins(): readonly string[];
  /**
   * Lines from now on, for one reader.
   *
   * @throws RESOURCE_EXHAUSTED when there are too many readers
   */
  subscribe(options?: LogSubscriptionOptions): LogSubscription;
  /** Adds somebody who takes every line at once. Returns the function that ends this. */
  addSink(sink: LogSink): () => void;
  levels(): LogLevels;
  /**
   * Sets the level of a plugin's log, or of `HOST_LOG`; without a plugin that of all logs that have none of their own.
   * An undefined level takes back what was set for the plugin.
   *
   * @throws InvalidOptionsError
   */
  setLevel(plugin: string | undefined, level: LogLevel | undefined): void;
  /** Makes room for another name: the plugin is gone. Its lines can still be read. */
  forget(plugin: string): void;
  /** Ends all readers. */
  close(): void;
}

const MAX_PLUGINS = 1024;
const MAX_READERS = 256;
/** Longest text of a line, in UTF-16 units. */
const MAX_MESSAGE = 65_536;
const PLUGIN_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/;
/** Places of one start begin at its time in microseconds, above whatever a crash has kept from the files. */
const PLACES_PER_MS = 1000;

/** Makes a hub. Throws `InvalidOptionsError`. */
export function createLogHub(options: LogHubOptions): LogHub {
  return new PluginLogHub(options);
}

class PluginLogHub implements LogHub {
  readonly logger: Logger;
  readonly #clock: Clock;
  readonly #maxPlugins: number;
  readonly #maxReaders: number;
  /** Place of the newest line of each log. H5. */
  readonly #logs = new Map<string, number>();
  /** The same of logs that nobody has written to yet, or whose plugin is gone; none of `#logs`. */
  readonly #former = new Map<string, number>();
  readonly #levels = new Map<string, LogLevel>();
  readonly #readers = new Set<HubSubscription>();
  readonly #sinks = new Set<LogSink>();
  #level: LogLevel;
  #newest: number;
  #logged = 0;

  constructor(options: LogHubOptions) {
    const { clock, level = 'info', levels = new Map(), newest = new Map() } = options;
    this.#clock = clock;
    this.#maxPlugins = requirePositiveInteger('maxPlugins', options.maxPlugins ?? MAX_PLUGINS);
    this.#maxReaders = requirePositiveInteger('maxReaders', options.maxReaders ?? MAX_READERS);
    this.#level = requireLevel(level);
    for (const [plugin, own] of levels) this.setLevel(plugin, own);
    for (const [plugin, cursor] of newest) this.#former.set(plugin, cursor);
    this.#newest = Math.max(Math.floor(clock.now()) * PLACES_PER_MS, ...newest.values(), 0);
    // Fields of somebody else may throw when they are read.
    this.logger = createSafeLogger(this.#loggerWith({}));
  }

  get newest(): number {
    return this.#newest;
  }

  get logged(): number {
    return this.#logged;
  }

  plugins(): readonly string[] {
    return [...this.#logs.keys(), ...this.#former.keys()].sort();
  }

  subscribe(options: LogSubscriptionOptions = {}): LogSubscription {
    if (this.#readers.size >= this.#maxReaders) {
      throw new RuntimeError('RESOURCE_EXHAUSTED', `the log has ${this.#readers.size} readers, which is its limit`);
    }
    const reader = new HubSubscription(options, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }

  addSink(sink: LogSink): () => void {
    this.#sinks.add(sink);
    return () => void this.#sinks.delete(sink);
  }

  levels(): LogLevels {
    return { level: this.#level, plugins: new Map(this.#levels) };
  }

  setLevel(plugin: string | undefined, level: LogLevel | undefined): void {
    if (plugin === undefined) {
      if (level !== undefined) this.#level = requireLevel(level);
      return;
    }
    if (plugin !== HOST_LOG && !PLUGIN_NAME.test(plugin)) {
      throw new InvalidOptionsError('plugin', 'must be the name of a plugin');
    }
    if (level === undefined) {
      this.#levels.delete(plugin);
      return;
    }
    if (!this.#levels.has(plugin) && this.#levels.size >= this.#maxPlugins) {
      throw new InvalidOptionsError('levels', `has more than ${this.#maxPlugins} entries`);
    }
    this.#levels.set(plugin, requireLevel(level));
  }

  forget(plugin: string): void {
    const newest = this.#logs.get(plugin);
    if (newest === undefined || plugin === HOST_LOG) return;
    this.#logs.delete(plugin);
    const [oldest] = this.#former.keys();
    if (this.#former.size >= this.#maxPlugins && oldest !== undefined) this.#former.delete(oldest);
    this.#former.set(plugin, newest);
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
    this.#sinks.clear();
  }

  #loggerWith(bound: LogFields): Logger {
    return {
      log: (level, message, fields) => this.#log(level, message, { ...bound, ...fields }),
      child: (fields) => this.#loggerWith({ ...bound, ...fields }),
    };
  }

  #log(level: LogLevel, message: string, { plugin: named, ...fields }: LogFields): void {
    const plugin = this.#logOf(named);
    if (!isAtLeast(level, this.#levels.get(plugin) ?? this.#level)) return;
    this.#newest += 1;
    this.#logged += 1;
    const plain = plainFields(fields);
    const record: LogRecord = {
      cursor: this.#newest,
      previous: this.#logs.get(plugin) ?? this.#former.get(plugin) ?? 0,
      at: this.#clock.now(),
      plugin,
      level,
      message: cutText(message, MAX_MESSAGE),
      fieldsJson: Object.keys(plain).length === 0 ? '' : JSON.stringify(plain),
    };
    this.#former.delete(plugin);
    this.#logs.set(plugin, record.cursor);
    for (const sink of this.#sinks) sink(record);
    for (const reader of this.#readers) reader.offer(record);
  }

  /** H5. */
  #logOf(named: unknown): string {
    if (typeof named !== 'string' || !PLUGIN_NAME.test(named)) return HOST_LOG;
    return this.#logs.has(named) || this.#logs.size < this.#maxPlugins ? named : HOST_LOG;
  }
}

function requireLevel(level: string): LogLevel {
  if (isLogLevel(level)) return level;
  throw new InvalidOptionsError('level', `must be one of ${LOG_LEVELS.join(', ')}, got ${level}`);
}
