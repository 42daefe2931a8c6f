/** Name of the record, at the top of a bundle. */
export const RECORD_FILE = 'bundle.json';
/** Folder of the signatures, which no digest covers. */
export const SIGNATURES_FOLDER = 'signatures';

/** Whether a name is one that bundles need for themselves, and no file of the plugin can have. */
export function isReserved(path: string): boolean {
  return path === RECORD_FILE || path === SIGNATURES_FOLDER || path.startsWith(`${SIGNATURES_FOLDER}/`);
}
