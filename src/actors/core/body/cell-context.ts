import type { Intent, MessageTarget } from '../../../machines/index.ts';
import { requireObject } from '../../../policy/index.ts';
import type { ActorRef, Logger, Message } from '../../../ports/index.ts';
import type { ActorContext, BehaviorAskOptions, ChildSpawnOptions, TimerRule } from './behavior.ts';
import type { Cell } from '../cell.ts';
import type { AnyLogic } from './logic.ts';
import { performGuarded } from '../outbox.ts';
import { requireFunction } from '../requirements.ts';

/** What plain logic sees of its cell. */
export class CellContext implements ActorContext {
  protected readonly cell: Cell;
  #log: Logger | undefined = undefined;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  get self(): ActorRef {
    return this.cell;
  }

  get log(): Logger {
    this.#log ??= this.cell.system.environment.log.child({ actor: this.cell.path });
    return this.#log;
  }

  now(): number {
    return this.cell.system.environment.clock.now();
  }

  random(): number {
    return this.cell.system.environment.random.next();
  }

  tell<Receives extends Message>(target: MessageTarget<Receives> | string, message: Receives): void {
    this.perform({ kind: 'tell', target, message });
  }

  ask(target: ActorRef<never> | string, message: Message, options: BehaviorAskOptions<never>): void {
    const { onReply, onFailure } = requireObject('options', options);
    requireFunction('onReply', onReply);
    requireFunction('onFailure', onFailure);
    this.perform({ kind: 'ask', target, message, ...(options as BehaviorAskOptions) });
  }

  reply(value: unknown): void {
    this.perform({ kind: 'reply', value });
  }

  spawn(name: string, logic: AnyLogic, options: ChildSpawnOptions<AnyLogic> = {}): Cell {
    return this.cell.system.spawnUnder(this.cell, name, logic, options);
  }

  stop(name: string): void {
    this.perform({ kind: 'stop', name });
  }

  finish(output?: unknown): void {
    this.cell.finish(output);
  }

  watch(target: ActorRef<never> | string): void {
    this.perform({ kind: 'watch', target });
  }

  unwatch(target: ActorRef<never> | string): void {
    this.perform({ kind: 'unwatch', target });
  }

  stash(): void {
    this.perform({ kind: 'stash' });
  }

  unstash(): void {
    this.perform({ kind: 'unstash' });
  }

  startTimer(name: string, rule: TimerRule, message: Message): void {
    this.cell.timers.start(name, rule, message);
  }

  cancelTimer(name: string): void {
    this.cell.timers.cancel(name);
  }

  emit(fact: unknown): void {
    this.cell.emitFact(fact);
  }

  protected perform(intent: Intent): void {
    performGuarded(this.cell, intent);
  }
}
