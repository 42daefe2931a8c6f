import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Lets plugins below a directory import `troupe/sdk`, in the version of this host, without bringing it along: Node.js looks
 * for packages in the directories above a file. Plugins that bring the package have their own. Writes a few small files;
 * writes them again when they are there. Only this user can read them.
 */
export async function provideSdk(directory: string): Promise<void> {
  const home = join(directory, 'node_modules', 'troupe');
  // Beside the folder of this file, both in the sources and in what is built from them.
  const isSource = import.meta.url.endsWith('.ts');
  const sdk = new URL(isSource ? '../../sdk/index.ts' : '../../sdk/index.js', import.meta.url).href;
  const manifest = { name: 'troupe', type: 'module', private: true, exports: { './sdk': './sdk.js' } };
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(join(home, 'package.json'), `${JSON.stringify(manifest)}\n`, { mode: 0o600 });
  await writeFile(join(home, 'sdk.js'), `export * from ${JSON.stringify(sdk)};\n`, { mode: 0o600 });
}
