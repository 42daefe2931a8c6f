/** The only source of randomness outside cryptography. */
export interface Random {
  /** A number from 0 up to, not including, 1. */
  next(): number;
}
