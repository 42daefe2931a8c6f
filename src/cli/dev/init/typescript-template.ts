import type { Template } from './template.ts';

/** A plugin in TypeScript that Node.js runs as it stands. */
export const TYPESCRIPT_TEMPLATE: Template = {
  language: 'TypeScript',
  files: ({ name, version }) => ({
    'plugin.yaml': `apiVersion: troupe.plugin/v1
name: ${name}
version: 0.1.0
description: Says hello.
kinds: [operations, events]
run:
  # Node.js strips the types itself. To bundle packages that the plugin imports, and to start more quickly:
  #   node: dist/main.cjs
  node: plugin.ts
# build:
#   entry: plugin.ts      # needs: npm install --save-dev esbuild
events:
  subscribe: [greeting.wanted]
  emit: [greeting.said]
`,
    'plugin.ts': `import { definePlugin, operation, servePlugin } from 'troupe/sdk';

const plugin = definePlugin({
  name: '${name}',
  version: '0.1.0',
  operations: {
    greet: operation<{ name?: string } | undefined, { text: string }>({
      description: 'says hello to somebody',
      execute: (input) => ({ text: greeting(input?.name) }),
    }),
  },
  on: {
    // Events that plugin.yaml subscribes to; what is emitted stands there, too.
    'greeting.wanted': async ({ subject }, { emit }) => {
      await emit({ type: 'greeting.said', payload: { text: greeting(subject) } });
    },
  },
});

function greeting(name = 'world'): string {
  return \`hello, \${name || 'world'}\`;
}

// Nothing may be printed before this: the first line on standard output is for the host.
await servePlugin(plugin);
`,
    'package.json': `${JSON.stringify(
      {
        name,
        version: '0.1.0',
        private: true,
        type: 'module',
        scripts: { dev: 'troupe plugin dev .', test: 'troupe plugin test .' },
        devDependencies: { troupe: `^${version}` },
      },
      undefined,
      2,
    )}\n`,
    'tsconfig.json': `${JSON.stringify(
      {
        compilerOptions: {
          target: 'esnext',
          module: 'nodenext',
          strict: true,
          noEmit: true,
          erasableSyntaxOnly: true,
          verbatimModuleSyntax: true,
          allowImportingTsExtensions: true,
          skipLibCheck: true,
        },
      },
      undefined,
      2,
    )}\n`,
    '.gitignore': 'node_modules/\ndist/\n',
    'README.md': readme(name),
  }),
};

function readme(name: string): string {
  return `# ${name}

A plugin for troupe.

\`\`\`sh
troupe plugin test .                          # does it do what a host relies on?
troupe run --data ../data --ops 0 --dev       # a host for development, in another terminal
troupe plugin dev . --data ../data            # builds and runs it there, again at each change
troupe plugin install . --data ../data        # installs it for good
\`\`\`
`;
}
