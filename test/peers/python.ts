// The plugin in Python that the examples have, ready to be launched.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaunchOptions } from 'troupe';
import { ROOT } from '../source-files.ts';
import { PYTHON } from './availability.ts';

/** How the plugin is launched. Whoever makes it calls `dispose`. */
export interface PythonPlugin extends Required<Pick<LaunchOptions, 'command' | 'args' | 'env' | 'handshake'>> {
  /** Removes the generated message classes. */
  dispose(): void;
}

const EXAMPLE = join(ROOT, 'examples', '03-python-plugin');

/** Has `protoc` make the plugin's message classes in a directory of their own. */
export function pythonPlugin(): PythonPlugin {
  const messages = mkdtempSync(join(tmpdir(), 'troupe-py-'));
  execFileSync('protoc', [`--proto_path=${EXAMPLE}`, `--python_out=${messages}`, 'kv.proto']);
  return {
    command: PYTHON,
    args: [join(EXAMPLE, 'plugin.py')],
    env: { PYTHONPATH: messages },
    handshake: { cookieKey: 'KV_PLUGIN', cookieValue: 'hello' },
    dispose: () => rmSync(messages, { recursive: true, force: true }),
  };
}
