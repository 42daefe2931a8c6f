export { unpackBundle } from './lazy-unpack.ts';
export { createDevRoutes } from './dev-routes.ts';
export type { DevRoutes, DevRoutesOptions } from './dev-routes.ts';
export { provideSdk } from './provide-sdk.ts';
export type { DevLogSource } from './read-logs.ts';
