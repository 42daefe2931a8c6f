/**
 * Bytes of the largest manifest: larger files are refused, so that a wrong path neither fills the memory nor keeps the
 * host from its work.
 */
export const MAX_MANIFEST_BYTES = 256 * 1024;
