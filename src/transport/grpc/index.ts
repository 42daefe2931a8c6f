export { createGrpcConnection } from './connection.ts';
export type { GrpcConnection, GrpcConnectionOptions } from './connection.ts';
export type { CallObserver } from './handlers.ts';
export type { ListenTarget } from './listen.ts';
export type { ChannelMaterial } from './material.ts';
export { createGrpcServer } from './server.ts';
export type { DrainOutcome, GrpcServer, GrpcServerOptions } from './server.ts';
export { targetOf } from './target.ts';
export type { BoundAddress, GrpcTarget } from './target.ts';
