export { openPackedStream } from './packed-stream.ts';
export type { PackedStream, PackedStreamEnd, PackedStreamOptions } from './packed-stream.ts';
export { sendPacks } from './send-packs.ts';
