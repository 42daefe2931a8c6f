// The plugins that the scene about the lifecycle installs, as files. They are written anew for each demo: installing copies
// them, and from then on the copies count.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The plugins that the demo keeps. */
export const KEPT = ['greeter', 'brittle'] as const;

/** Name of a plugin that the demo keeps. */
export type KeptName = (typeof KEPT)[number];

/** The version that a demo leaves behind. */
export const FIRST = '1.0.0';
/** The version that it changes to, and back from. */
export const SECOND = '1.1.0';

/** What the greeter answers. */
export interface Greeting {
  readonly text: string;
  readonly version: string;
  readonly pid: number;
}

/** Writes a version of a plugin below a directory. Returns the directory to install. */
export async function writeDemoPlugin(below: string, name: KeptName, version: string): Promise<string> {
  const directory = join(below, `${name}-${version}`);
  await mkdir(directory, { recursive: true });
  const manifest = {
    apiVersion: 'troupe.plugin/v1',
    name,
    version,
    description: name === 'greeter' ? 'Says hello.' : 'Ends itself when it is told to.',
    kinds: ['operations'],
    run: { node: 'main.mjs' },
  };
  await writeFile(join(directory, 'plugin.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeFile(join(directory, 'main.mjs'), programOf(name, version));
  return directory;
}

function programOf(name: KeptName, version: string): string {
  return `import { definePlugin, servePlugin } from 'troupe/sdk';

${name === 'greeter' ? greeter(version) : BRITTLE}
await servePlugin(definePlugin({ name: '${name}', version: '${version}', operations }));
`;
}

function greeter(version: string): string {
  const words = version === FIRST ? 'hello' : 'good day';
  return `const operations = {
  greet: {
    description: 'says hello to somebody',
    execute: ({ name }) => ({ text: \`${words}, \${name}\`, version: '${version}', pid: process.pid }),
  },
};
`;
}

const BRITTLE = `const operations = {
  ping: { description: 'answers', execute: () => ({ pid: process.pid }) },
  fail: { description: 'ends the process', execute: () => process.exit(3) },
};
`;
