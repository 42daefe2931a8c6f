/**
 * Calls code that belongs to others, such as a listener. What it throws, or rejects with when it is an async function, is
 * reported and reaches nobody else.
 */
export function callOutside(action: () => unknown, report: (error: unknown) => void): void {
  try {
    const result = action();
    if (result instanceof Promise) result.catch(report);
  } catch (error) {
    report(error);
  }
}
