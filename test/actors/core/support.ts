import { behavior, createSystem } from '../../../src/actors/index.ts';
import type { ActorContext, ActorSystem, Behavior, Message, SystemOptions } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { ManualEnvironment } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';

/** A message with anything in it. */
export interface AnyMessage extends Message {
  readonly [key: string]: unknown;
}

/** A system in virtual time. */
export interface World {
  readonly system: ActorSystem;
  readonly environment: ManualEnvironment;
  /** Moves time on, and lets everything happen that follows. */
  readonly pass: (ms: number) => Promise<void>;
  /** The texts of the log of this level. */
  readonly logged: (level: string) => readonly string[];
}

export function createWorld(options: Omit<SystemOptions, 'environment'> = {}): World {
  const environment = createManualEnvironment();
  const system = createSystem({ environment, ...options });
  return {
    system,
    environment,
    async pass(ms) {
      await environment.clock.advanceAsync(ms);
      await nextTurn();
    },
    logged: (level) => environment.log.entries.filter((entry) => entry.level === level).map(({ message }) => message),
  };
}

/** What a scripted actor does on a message. */
export type Script = Readonly<Record<string, (actor: ActorContext<AnyMessage>, message: AnyMessage) => void>>;

/** Plain logic that notes the types of its messages, counts them, and does what the script says. */
export function scripted(script: Script = {}, got: string[] = []): Behavior<AnyMessage, number> {
  return behavior<AnyMessage, number>({
    initial: 0,
    receive(count, message, actor) {
      got.push(message.type);
      script[message.type]?.(actor, message);
      return count + 1;
    },
  });
}

export function boom(): never {
  throw new Error('boom');
}
