export { createMemoryConnection } from './connection.ts';
export type { MemoryConnection, MemoryConnectionOptions } from './connection.ts';
