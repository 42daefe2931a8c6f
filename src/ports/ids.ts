/** The only source of generated names. */
export interface Ids {
  /** A name of the form `prefix-…`, unique within the environment. */
  next(prefix: string): string;
}
