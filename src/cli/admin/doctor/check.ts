/** Something that was looked at. */
export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** More lines, such as paths. */
  readonly details: readonly string[];
}

/** A check that found nothing wrong. */
export function ok(name: string, message: string, details: readonly string[] = []): Check {
  return { name, status: 'ok', message, details };
}

/** A check that found something to look at. */
export function warning(name: string, message: string, details: readonly string[] = []): Check {
  return { name, status: 'warning', message, details };
}

/** A check that found something that does not work. */
export function failed(name: string, message: string, details: readonly string[] = []): Check {
  return { name, status: 'failed', message, details };
}
