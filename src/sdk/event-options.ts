import { InvalidOptionsError } from '../errors/index.ts';
import type { EventFormName, EventOptions, ResolvedEventOptions } from './event-types.ts';

const FORMS: readonly EventFormName[] = ['acked', 'stream', 'unary'];

/** Fills in the defaults. Throws `InvalidOptionsError` naming the field. */
export function resolveEventOptions(options: EventOptions): ResolvedEventOptions {
  const { handlerTimeoutMs = 5_000, decode = 'full', window = 4_096, forms = FORMS } = options;
  const { maxWaitingEmits = 256, maxEmitsInFlight = 64, emitTimeoutMs = 30_000 } = options;
  const numbers = { handlerTimeoutMs, window, maxWaitingEmits, maxEmitsInFlight, emitTimeoutMs };
  for (const [field, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidOptionsError(field, `must be a whole number of at least 1, got ${String(value)}`);
    }
  }
  if (decode !== 'full' && decode !== 'lazy') {
    throw new InvalidOptionsError('decode', `must be "full" or "lazy", got ${String(decode)}`);
  }
  const unknown = forms.find((form) => !FORMS.includes(form));
  if (unknown !== undefined) throw new InvalidOptionsError('forms', `has "${unknown}"; it takes ${FORMS.join(', ')}`);
  return { ...numbers, decode, forms };
}
