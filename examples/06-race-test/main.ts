import { defineScenario, explore, RaceError } from 'troupe/testing';
import type { Client } from 'troupe/testing';
import type { ActorRef } from 'troupe/actors';
import { counter } from './counter.ts';
import type { CounterMessage } from './counter.ts';

// Reads, and writes back what it has read plus one: in between, somebody else may have written.
async function addByReadingAndWriting(me: Client, ref: ActorRef<CounterMessage>): Promise<void> {
  const value = await me.ask(ref, { type: 'get' });
  me.tell(ref, { type: 'set', value: value + 1 });
}

async function addAtOnce(me: Client, ref: ActorRef<CounterMessage>): Promise<void> {
  await me.ask(ref, { type: 'add', amount: 1 });
}

const scenarioOf = (add: typeof addAtOnce) =>
  defineScenario({
    name: 'two clients add one each',
    setup({ system, client }) {
      const ref = system.spawn(counter, { name: 'counter' });
      for (const name of ['ann', 'bob']) client(name, (me) => add(me, ref));
      return ref;
    },
    check: (ref) => ref.snapshot() === 2 || `the counter is at ${ref.snapshot()}`,
  });

try {
  await explore(scenarioOf(addByReadingAndWriting), { strategy: 'dfs' });
} catch (error) {
  if (!(error instanceof RaceError)) throw error;
  const { oracle, message, trace, replay } = error.failure;
  console.log(`by reading and writing, the ${oracle} fails: ${message}`);
  for (const [i, { from, to, event }] of trace.entries()) {
    console.log(`  ${i + 1}. ${from === to ? from : `${from} -> ${to}`}: ${event}`);
  }
  console.log(`repeat it with { replay: '${replay}' }`);
}

const { schedules, exhausted } = await explore(scenarioOf(addAtOnce), { strategy: 'dfs' });
console.log(`at once, all is well in ${exhausted ? 'all' : 'the first'} ${schedules} schedules`);
