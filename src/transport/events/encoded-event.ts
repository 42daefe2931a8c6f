/** An event as bytes within a larger piece of memory, framed as one entry of `repeated Event events = 3`. */
export interface EncodedEvent {
  readonly chunk: Buffer;
  /** Where the frame begins. */
  readonly start: number;
  /** Where it ends, and the next one may begin. */
  readonly end: number;
}
