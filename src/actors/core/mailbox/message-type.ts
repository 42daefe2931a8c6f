import type { Message } from '../../../ports/index.ts';

/**
 * The type of a message; undefined for what is no message, or cannot be read. Never throws. A getter may answer otherwise
 * the next time, so whoever decides by the type asks once.
 */
export function typeOf(content: unknown): string | undefined {
  try {
    const type: unknown = (content as Message | null | undefined)?.type;
    return typeof type === 'string' ? type : undefined;
  } catch {
    // A getter or a proxy.
    return undefined;
  }
}
