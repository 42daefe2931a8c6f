export { dataDirectoryAt, prepareDataDirectory } from './data-directory.ts';
export type { DataDirectory } from './data-directory.ts';
export { readRunningHost, takeHostLock } from './host-lock.ts';
export type { HostAddresses, HostLock, RunningHost } from './host-lock.ts';
export { readOrMakeSecret, readSecret } from './secret-file.ts';
