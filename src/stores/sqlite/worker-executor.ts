// Runs statements in the thread of a database.
//
// Invariants:
//   W1. One message is under way at a time. What is asked for meanwhile waits here and goes with the next one, so that
//       many changes share one flush of the disk.
//   W2. Each call is answered once: by the thread, or with STORE_UNAVAILABLE when the thread has ended.
//   W3. What is urgent waits for one message at most, whatever else waits.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { RuntimeError } from '../../errors/index.ts';
import type { BatchOptions, BatchOutcome, BatchStatement, SqlExecutor, SqlRow, SqlStatement } from '../sql/executor.ts';
import { AskingSide } from './flat-messages.ts';
import type { FlatMessage } from './flat-messages.ts';
import type { EngineReply, EngineRequest } from './sqlite-engine.ts';
import { failureOf } from './sqlite-errors.ts';
import type { SqliteFailure } from './sqlite-errors.ts';
import type { OpenOptions } from './sqlite-open.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

// What one flush serves. More would let a single failure take more with it.
const MOST_TOGETHER = 64;

interface Waiting {
  readonly request: EngineRequest;
  readonly answer: (reply: EngineReply) => void;
  readonly fail: (error: RuntimeError) => void;
}

/**
 * Opens a database in a thread of its own.
 *
 * @throws what `openEngine` throws; STORE_UNAVAILABLE when there is no thread
 */
export async function openWorkerExecutor(options: OpenOptions): Promise<SqlExecutor> {
  const worker = new Worker(workerUrl(), {
    workerData: options,
    // Flags of the program are for the program, such as the text that it was given to run.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    name: 'troupe-sqlite',
  });
  const executor = new WorkerExecutor(worker, options.path);
  await executor.opened;
  return executor;
}

class WorkerExecutor implements SqlExecutor {
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #path: string;
  readonly #ended: Promise<void>;
  readonly #side = new AskingSide();
  readonly #queue: Waiting[] = [];
  readonly #urgent: Waiting[] = [];
  #underWay: readonly Waiting[] = [];
  #failure: RuntimeError | undefined;

  constructor(worker: Worker, path: string) {
    this.#worker = worker;
    this.#path = path;
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    this.opened = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (isFlat(message)) this.#answer(message);
        else if (message.kind === 'opened') resolve();
        else this.#refuse(message.failure);
      });
      worker.on('error', (cause) => reject(this.#end(cause)));
      worker.on('exit', () => reject(this.#end(undefined)));
    });
  }

  async query(statement: SqlStatement): Promise<readonly SqlRow[]> {
    const reply = await this.#ask({ kind: 'query', statement });
    return reply.kind === 'rows' ? reply.rows : unexpected(reply);
  }

  async batch(statements: readonly BatchStatement[], { isUrgent = false }: BatchOptions = {}): Promise<BatchOutcome> {
    const reply = await this.#ask({ kind: 'batch', statements }, isUrgent ? this.#urgent : this.#queue);
    return reply.kind === 'outcome' ? reply.outcome : unexpected(reply);
  }

  async close(): Promise<void> {
    this.#post('close');
    await this.#ended;
  }

  #ask(request: EngineRequest, queue: Waiting[] = this.#queue): Promise<EngineReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((answer, fail) => {
      queue.push({ request, answer, fail });
      if (this.#underWay.length === 0) this.#next();
    });
  }

  #next(): void {
    // W3.
    const first = this.#urgent.splice(0, MOST_TOGETHER);
    this.#underWay = [...first, ...this.#queue.splice(0, MOST_TOGETHER - first.length)];
    if (this.#underWay.length > 0) this.#post(this.#side.encode(this.#underWay.map(({ request }) => request)));
  }

  #answer(message: FlatMessage): void {
    const answered = this.#underWay;
    // First, so that the thread has work while its answers are read.
    this.#next();
    const replies = this.#decode(message);
    for (const [index, { answer, fail }] of answered.entries()) {
      const reply = replies[index];
      if (reply === undefined) fail(new RuntimeError('INTERNAL', 'the thread of the database left a call unanswered'));
      else answer(reply);
    }
  }

  /** A thread that says what nobody understands is ended; its calls get no answer. */
  #decode(message: FlatMessage): readonly EngineReply[] {
    try {
      return this.#side.decode(message);
    } catch (thrown) {
      this.#refuse(failureOf(RuntimeError.from(thrown)));
      return [];
    }
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** The caller learns when the thread is gone, so that nothing of it is left then. */
  #refuse({ code, message }: SqliteFailure): void {
    this.#failure = new RuntimeError(code, message);
    this.#post('close');
  }

  /** The thread is gone (W2). */
  #end(cause: unknown): RuntimeError {
    this.#failure ??= new RuntimeError('STORE_UNAVAILABLE', `the thread of database "${this.#path}" has ended`, {
      cause,
    });
    for (const { fail } of [...this.#underWay, ...this.#urgent.splice(0), ...this.#queue.splice(0)])
      fail(this.#failure);
    this.#underWay = [];
    return this.#failure;
  }
}

function isFlat(message: FromWorker): message is FlatMessage {
  return Array.isArray(message);
}

function unexpected(reply: EngineReply): never {
  if (reply.kind === 'failed') throw new RuntimeError(reply.failure.code, reply.failure.message);
  throw new RuntimeError('INTERNAL', 'the thread of the database answered something else than it was asked');
}

/** The TypeScript file beside this one, or the file that was built from it: the build moves this one, but not that. */
function workerUrl(ownUrl: string = import.meta.url): URL {
  if (ownUrl.endsWith('.ts')) return new URL('sqlite-worker.ts', ownUrl);
  const top = dirname(createRequire(ownUrl).resolve('troupe/package.json'));
  return pathToFileURL(join(top, 'dist', 'stores', 'sqlite', 'sqlite-worker.js'));
}
