// A node registers its address, crashes, and its successor registers another one after a handshake, and once more a little
// later. The registration of the dead node comes between the two, and so does somebody who looks the address up. The wrong
// registry believes whoever came last, the right one the later start.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorContext, ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type RegistryMessage = { readonly type: 'register'; readonly start: number } | { readonly type: 'lookUp' };
type NodeMessage =
  | { readonly type: 'begin' }
  | { readonly type: 'crash' }
  | { readonly type: 'next'; readonly step: number };
interface HandshakeStep {
  readonly type: 'step';
  readonly step: number;
  readonly node: ActorRef<NodeMessage>;
}

/** Number of the second start. */
const SUCCESSOR = 2;
/** The successor registers after these steps of its handshake. */
const REGISTERS_AFTER = [2, 4];

const peer = behavior<HandshakeStep, undefined>({
  initial: undefined,
  receive: (_, { step, node }, actor) => actor.tell(node, { type: 'next', step: step + 1 }) as undefined,
});

function open(system: ActorSystem, bug: boolean) {
  const found: number[] = [];
  // Its state is the start of the last node, and of the one that it points to.
  const logic = behavior<RegistryMessage, { readonly known: readonly number[]; readonly start: number }>({
    initial: { known: [], start: 0 },
    receive({ known, start }, message) {
      if (message.type === 'register') {
        return { known: [...known, message.start], start: bug ? message.start : Math.max(start, message.start) };
      }
      // Before the successor is known, it cannot be found.
      if (known.includes(SUCCESSOR)) found.push(start);
      return { known, start };
    },
  });
  const registry = system.spawn(logic, { name: 'registry' });
  const other = system.spawn(peer, { name: 'peer' });
  const register = (actor: ActorContext<NodeMessage>, start: number): void =>
    actor.tell(registry, { type: 'register', start });
  const successor = behavior<NodeMessage, undefined>({
    initial: undefined,
    receive(_, message, actor) {
      const step = message.type === 'next' ? message.step : 0;
      if (REGISTERS_AFTER.includes(step)) register(actor, SUCCESSOR);
      if (step < Math.max(...REGISTERS_AFTER)) actor.tell(other, { type: 'step', step, node: actor.self });
      return undefined;
    },
  });
  const second = system.spawn(successor, { name: 'successor' });
  const node = behavior<NodeMessage, undefined>({
    initial: undefined,
    receive(_, { type }, actor) {
      if (type === 'begin') register(actor, SUCCESSOR - 1);
      else {
        actor.tell(second, { type: 'begin' });
        actor.finish();
      }
      return undefined;
    },
  });
  return { found, registry, first: system.spawn(node, { name: 'node' }) };
}

export const staleRegistration = defineRace({
  name: 'stale-registration',
  wrong: 'the registry points to a dead node, whose registration was overtaken by that of its successor',
  oracle: 'invariant',
  constraints: 3,
  shortest: 12,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { found, registry, first } = open(system, bug);
      client('operator', (operator) => {
        operator.tell(first, { type: 'begin' });
        operator.tell(first, { type: 'crash' });
      });
      client('caller', (caller) => caller.tell(registry, { type: 'lookUp' }));
      return found;
    },
    invariant: (found) => !found.includes(SUCCESSOR - 1),
  }),
  async unit({ system, settle }, bug) {
    const { found, registry, first } = open(system, bug);

    first.tell({ type: 'begin' });
    first.tell({ type: 'crash' });
    await settle();
    registry.tell({ type: 'lookUp' });
    await settle();

    deepEqual(found, [SUCCESSOR]);
  },
});
