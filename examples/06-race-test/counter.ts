import { behavior } from 'troupe/actors';
import type { Expects } from 'troupe/actors';

export type CounterMessage =
  | ({ type: 'get' } & Expects<number>)
  | ({ type: 'add'; amount: number } & Expects<number>)
  | { type: 'set'; value: number };

export const counter = behavior<CounterMessage, number>({
  initial: 0,
  receive(value, message, actor) {
    switch (message.type) {
      case 'get':
        actor.reply(value);
        return value;
      case 'add':
        actor.reply(value + message.amount);
        return value + message.amount;
      default:
        return message.value;
    }
  },
});
