import { RuntimeError } from '../../errors/index.ts';
import { methodOf } from '../../ports/method-of.ts';
import type { MethodDescriptor } from '../../ports/plugin-connection.ts';
import type { CallContext, ServedService } from '../../ports/service.ts';

/** What answers a call, its types aside. */
export type Handler = (input: unknown, context: CallContext) => unknown;

/** A method as the services describe it, and what handles it. */
export interface ServedMethod {
  readonly method: MethodDescriptor;
  readonly handler: Handler;
}

/** The methods of services by their paths. */
export function methodsOf(services: readonly ServedService[]): ReadonlyMap<string, ServedMethod> {
  const served = new Map<string, ServedMethod>();
  for (const { descriptor, implementation } of services) {
    for (const [name, method] of Object.entries(descriptor)) {
      const handler = methodOf(implementation, name);
      if (handler !== undefined) served.set(method.path, { method, handler: handler.bind(implementation) as Handler });
    }
  }
  return served;
}

/** The refusal of a call that no method serves, with the text of grpc-js. */
export function unimplemented(path: string): RuntimeError {
  return new RuntimeError('UNIMPLEMENTED', `The server does not implement the method ${path}`);
}

/** As a server does: tells the caller that its call is taken in, after the time in which a handler can refuse it. */
export async function accept(call: { readonly isOver: boolean }, onAccepted: () => void): Promise<void> {
  for (let turn = 0; turn < TURNS_TO_REFUSE; turn++) await Promise.resolve();
  if (!call.isOver) onAccepted();
}

/** More than an async function that throws at once takes to end its call. */
const TURNS_TO_REFUSE = 8;
