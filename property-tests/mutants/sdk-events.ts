// Bugs that the properties of the SDK's events must find. Plant one, run its property, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const FORMS = 'property-tests/sdk/event-forms.model.prop.ts';
const CALLS = 'property-tests/sdk/host-calls.model.prop.ts';

/** One bug or more for each property. */
export const SDK_EVENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'an event that comes again runs again (D2)',
    file: 'src/sdk/events/dispatcher.ts',
    from: 'if (known !== undefined) {',
    to: 'if (known !== undefined && view.id === "") {',
    killedBy: FORMS,
  },
  {
    name: 'an event that was cut before it began is forgotten, and runs besides (V3)',
    file: 'src/sdk/events/dispatcher.ts',
    from: 'if (job.owner === owner) this.#waiting -= job.views.length - job.begun;',
    to: 'if (job.owner === owner) for (const view of job.views.slice(job.begun)) this.#settled.add(view, DONE);',
    killedBy: FORMS,
  },
  {
    name: 'an event that comes again is simply done, whatever it was the first time (D2)',
    file: 'src/sdk/events/settled-events.ts',
    from: 'return this.#outcomes.get(number) ?? DONE;',
    to: 'return DONE;',
    killedBy: FORMS,
  },
  {
    name: 'what a handler returned goes missing when another one fails',
    file: 'src/sdk/events/handler-run.ts',
    from: 'this.#outcome = outcomeOf(this.#emitted, error);',
    to: 'this.#outcome = outcomeOf(error === undefined ? this.#emitted : [], error);',
    killedBy: FORMS,
  },
  {
    name: 'the acked form tells no errors',
    file: 'src/sdk/events/deliver-session.ts',
    from: 'if (saysMore(outcome)) this.#results',
    to: 'if (outcome.emitted.length > 0) this.#results',
    killedBy: FORMS,
  },
  {
    name: 'a handler that hangs keeps the next event waiting for ever (D1)',
    file: 'src/sdk/events/handler-run.ts',
    from: "this.#finish(errorOf('DEADLINE_EXCEEDED', deadline));",
    to: '',
    killedBy: FORMS,
  },
  {
    name: 'a call that comes back goes behind those that were never sent (H1)',
    file: 'src/sdk/events/host-calls.ts',
    from: '({ order }) => order < request.order',
    to: '() => true',
    killedBy: CALLS,
  },
  {
    name: 'a call that failed with its connection is not made again (H3)',
    file: 'src/sdk/events/host-calls.ts',
    from: "new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED',",
    to: "new Set(['DEADLINE_EXCEEDED',",
    killedBy: CALLS,
  },
  {
    name: 'a broken channel is never dialled again',
    file: 'src/machines/host-channel.machine.ts',
    from: "after: { backoff: 'dialing' },",
    to: '',
    killedBy: CALLS,
  },
];
