import type { Code } from '../../errors/index.ts';
import { HostEventServiceService } from '../../gen/troupe/events/v1/events.ts';
import type { EmitRequest, EmitResponse, EmittedEvent, EventResult } from '../../gen/troupe/events/v1/events.ts';
import { decodePayload } from '../../policy/index.ts';
import { service } from '../../ports/index.ts';
import type { Environment, PluginConnection, ServedService } from '../../ports/index.ts';

/** An event that the plugin published. */
export interface EmittedRecord {
  /** The id that the host gave it. */
  readonly id: string;
  readonly type: string;
  readonly payload: unknown;
  readonly subject: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Id of the event that caused it; `root` when nothing did. */
  readonly cause: string;
  /** How the host got it. */
  readonly by: 'emit' | 'result';
}

/** How emits are refused. */
export interface EmitRefusal {
  readonly code: Code;
  readonly message?: string | undefined;
}

/** The host's side of emits, which keeps what it gets. */
export class FakeEventHost {
  readonly emitted: EmittedRecord[] = [];
  readonly service: ServedService;
  refusal: EmitRefusal | undefined;
  isReachable = true;
  /** Takes the results of StreamEvents. */
  onResults: (results: readonly EventResult[]) => void = () => {};
  readonly #environment: Environment;
  readonly #connections = new Set<PluginConnection>();
  /** Answers by client id: a repeated emit is answered like the first. */
  #answered = new Map<string, EmitResponse>();

  constructor(environment: Environment) {
    this.#environment = environment;
    this.service = service(HostEventServiceService, {
      emit: (request) => this.#emit(request),
      emitBatch: ({ requests }) => ({ responses: requests.map((request) => this.#emit(request)) }),
      reportResults: ({ results }) => {
        this.onResults(results);
        return {};
      },
    });
  }

  connected(connection: PluginConnection): void {
    this.#connections.add(connection);
  }

  /** Cuts every connection of the plugin. */
  cut(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  /** Client ids are unique within a process only. */
  forget(): void {
    this.#answered = new Map();
  }

  /** Keeps what a handler returned. */
  keepReturned(cause: string, emitted: readonly EmittedEvent[]): void {
    for (const event of emitted) this.#keep(event, cause, 'result');
  }

  #emit({ event, cause }: EmitRequest): EmitResponse {
    if (event === undefined) return refused({ code: 'EVENT_INVALID' });
    const known = this.#answered.get(event.clientId);
    if (known !== undefined) return known;
    if (this.refusal !== undefined) return refused(this.refusal);
    const by = cause?.kind?.$case === 'eventId' ? cause.kind.value : 'root';
    const answer = { success: true, errorMessage: '', eventId: this.#keep(event, by, 'emit'), errorCode: '' };
    if (event.clientId !== '') this.#answered.set(event.clientId, answer);
    return answer;
  }

  #keep(
    { type, subject, metadata, payload, contentType }: EmittedEvent,
    cause: string,
    by: EmittedRecord['by'],
  ): string {
    const id = this.#environment.ids.next('emitted');
    this.emitted.push({ id, type, payload: decodePayload(payload, contentType), subject, metadata, cause, by });
    return id;
  }
}

function refused({ code, message = `the host refuses with ${code}` }: EmitRefusal): EmitResponse {
  return { success: false, errorMessage: message, eventId: '', errorCode: code };
}
