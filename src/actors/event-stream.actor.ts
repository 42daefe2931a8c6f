// Runs the event-stream chart against a data plane.
//
// Invariants:
//   E1. Whatever ends this actor, also by force, the data plane is released: it closes its calls and gives back, or
//       counts as unknown, what it holds.
//   E2. The data plane opens a stream and makes single calls only on commands of the chart.

import { fromCallback } from 'xstate';
import type { EventObject } from 'xstate';
import { eventStreamMachine } from '../machines/index.ts';
import type { PlaneCommand, PlaneReport, StreamForm } from '../machines/index.ts';

/** What moves the events; plain code that the chart opens and closes. */
export interface EventPlane {
  /** Opens a stream. What is left of an earlier one goes first. */
  openStream(form: StreamForm, generation: number): void;
  /** What was sent on a plain stream so far has been taken, as nothing was refused. */
  trustStream(): void;
  /** Cuts the stream that is open, without a report. */
  cutStream(): void;
  /** Makes single calls from now on. What is left of a stream goes first. */
  openUnary(): void;
  /** Begins no single call any more. */
  pauseUnary(): void;
  /** Reports as soon as nothing waits and nothing is on its way. */
  drain(): void;
  /** Takes nothing any more, and closes the calls that are open. */
  close(): void;
  /** Ends everything at once. Idempotent. */
  release(): void;
}

/** What the actor acts on. */
export interface EventStreamPorts {
  /** Makes the data plane, once; it reports by the function that it is given. */
  readonly createPlane: (report: (report: PlaneReport) => void) => EventPlane;
}

/** The event-stream chart with its data plane; spawn it in an actor system. */
export function createEventStreamLogic({ createPlane }: EventStreamPorts): typeof eventStreamMachine {
  return eventStreamMachine.provide({
    actors: {
      carryEvents: fromCallback<EventObject>(({ sendBack, receive }) => {
        const plane = createPlane(sendBack);
        receive((command) => obey(plane, command as PlaneCommand));
        return () => plane.release();
      }),
    },
  });
}

function obey(plane: EventPlane, command: PlaneCommand): void {
  switch (command.type) {
    case 'openStream':
      return plane.openStream(command.form, command.generation);
    case 'trustStream':
    case 'cutStream':
    case 'openUnary':
    case 'pauseUnary':
    case 'drain':
    case 'close':
      return plane[command.type]();
  }
}
