/** Something that a plugin wanted and may not do. */
export interface Denial {
  /** Name of the plugin: from its connection, never from what it says. */
  readonly plugin: string;
  /** The permission that it lacks, such as `events.emit:order.paid`. */
  readonly permission: string;
}

/**
 * Hears of each denial, after it was decided. Must not wait. What it throws changes nothing about the denial, and is
 * logged.
 */
export type DenialPort = (denial: Denial) => void;
