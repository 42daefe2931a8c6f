// Processes and their output. Knows nothing of handshakes or gRPC.

export { PRIVATE_PREFIX, removeAbandonedDirectories } from './abandoned-directories.ts';
export { BUILD_RECORD_FILE, parseBuildRecord, readBuildRecord } from './build-record.ts';
export type { BuildRecord, BuiltFile } from './build-record.ts';
export { prepareCompileCache, userCacheDirectory } from './compile-cache.ts';
export { readFirstLine } from './first-line.ts';
export type { FirstLineOptions } from './first-line.ts';
export { createProcessLauncher } from './launcher.ts';
export type { ClosableProcessLauncher, ProcessLauncherOptions } from './launcher.ts';
export { readLines } from './line-reader.ts';
export type { LineReaderOptions } from './line-reader.ts';
export { createOutputLimiter } from './output-limiter.ts';
export type { DroppedOutput, OutputLimiter, OutputLimiterOptions } from './output-limiter.ts';
export type { ParentDeathMode } from './parent-death.ts';
export { moveInvocation } from './pinned-command.ts';
export type { Invocation } from './pinned-command.ts';
export { isPinned, pinTree } from './pinned-tree.ts';
export type { PinOptions } from './pinned-tree.ts';
export { createPrivateDirectory } from './private-directory.ts';
export type { PrivateDirectory, PrivateDirectoryOptions, RemovalReport } from './private-directory.ts';
export { identifyProcess, isSameProcess, listensOn } from './process-identity.ts';
export type { ProcessIdentity } from './process-identity.ts';
export { removeSocket } from './remove-socket.ts';
export type { RemoveSocketOptions, SocketRemoval } from './remove-socket.ts';
export { createTail } from './tail.ts';
export type { Tail, TailOptions } from './tail.ts';
export { hashTree } from './tree-hash.ts';
export type { HashedTree, TreeEntry, TreeLimits } from './tree-hash.ts';
