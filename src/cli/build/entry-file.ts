// The small file that a built plugin is started with, and the code cache that it reads.
//
// Invariants:
//   F1. The file writes nothing: the tree that it belongs to is checksummed, and may be read-only.
//   F2. A cache that is missing, damaged, of other sources or of another Node.js is not used, and costs no more than that.
//
// Node's own compile cache was measured and is not used. It holds what is compiled before a module runs; with what V8 has
// compiled when the plugin has answered, the start takes 49 % of that of a plain grpc-js plugin instead of 59 to 65 %.
// Node's cache also serves one user id only, on Node.js 22 one absolute path only, and is written into the tree.

/** What a built plugin is started with. */
export const ENTRY_FILE = 'main.cjs';
/** The bundle. */
export const BUNDLE_FILE = 'plugin.cjs';
/** Folder of the code caches, one file for each Node.js. */
export const CACHE_FOLDER = 'cache';

/**
 * What stands before and behind the bundle. Both ways to load the file give the same function: a script's value, and what
 * a CommonJS module exports. It is asynchronous, so that `await` at the top level of a module works. After a parenthesis
 * V8 compiles a `function` at once; an arrow function it reads twice, which without a cache takes 20 ms.
 */
export const BUNDLE_FRAME = {
  before:
    '(f=>typeof module=="object"?module.exports=f:f)((async function(require,__filename,__dirname,__importMeta){"use strict";',
  after: '}))',
} as const;

/** What the name of the file with the reason ends with when a cache could not be made. */
export const FAILURE_ENDING = '.failed';

/** Name of the cache for the running Node.js, below `CACHE_FOLDER`. */
export function cacheName(): string {
  return `${process.version}-${process.platform}-${process.arch}`;
}

/**
 * The text of `ENTRY_FILE`. Two CRC-32 before the data guard against sources that were edited and against damaged files,
 * which V8 itself does not notice. grpc-js needs `zlib` anyway.
 *
 * With source maps the file is loaded as a module: Node.js applies none to scripts.
 */
export const ENTRY_TEXT = `'use strict';
// Made by "troupe plugin build". Loads the plugin, with its compiled code when that is of this Node.js.
const { readFileSync } = require('fs');
const file = \`\${__dirname}/${BUNDLE_FILE}\`;
const meta = {
  get url() { return require('url').pathToFileURL(file).href; },
  filename: file,
  dirname: __dirname,
  main: false,
  resolve: (name) => require('url').pathToFileURL(require.resolve(name)).href,
};
function load() {
  if (process.sourceMapsEnabled) return require(file);
  const { Script, constants } = require('vm');
  const source = readFileSync(file);
  let cachedData;
  try {
    const code = readFileSync(\`\${__dirname}/${CACHE_FOLDER}/\${process.version}-\${process.platform}-\${process.arch}\`);
    const { crc32 } = require('zlib');
    const data = code.subarray(8);
    if (code.readUInt32LE(0) === crc32(source) && code.readUInt32LE(4) === crc32(data)) cachedData = data;
  } catch {}
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  return new Script(source.toString(), { filename: file, cachedData, importModuleDynamically }).runInThisContext();
}
load()(require, file, __dirname, meta);
`;

/**
 * Source of a module that, imported before the entry file, writes the cache when the process exits: then V8 has compiled
 * all that a start needs. A plugin without the SDK ends at SIGTERM, which would skip that. The cache appears in one step;
 * when it cannot be made, the reason stands beside it, in a file of the same name with `FAILURE_ENDING`.
 */
export function cacheWriter(bundle: string, cache: string): string {
  return `
import vm from 'node:vm';
import { renameSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    if (options?.filename !== ${JSON.stringify(bundle)}) return;
    process.once('SIGTERM', () => process.exit());
    process.once('exit', () => {
      const cache = ${JSON.stringify(cache)};
      try {
        const data = this.createCachedData();
        const head = Buffer.alloc(8);
        head.writeUInt32LE(crc32(Buffer.from(source)), 0);
        head.writeUInt32LE(crc32(data), 4);
        writeFileSync(cache + '.part', Buffer.concat([head, data]));
        renameSync(cache + '.part', cache);
      } catch (error) {
        writeFileSync(cache + '${FAILURE_ENDING}', String(error));
      }
    });
  }
};`;
}
