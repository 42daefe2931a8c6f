// Runs an example by its number: `npm run example 01`.

import { readdirSync } from 'node:fs';

const examples = readdirSync(import.meta.dirname).filter((name) => /^\d\d-/.test(name));
const [wanted = ''] = process.argv.slice(2);
const found = examples.find(
  (name) => name === wanted || (wanted !== '' && name.startsWith(`${wanted.padStart(2, '0')}-`)),
);

if (found === undefined) {
  console.error(`usage: npm run example NUMBER\n${examples.map((name) => `  ${name}`).join('\n')}`);
  process.exitCode = 2;
} else {
  await import(`./${found}/main.ts`);
}
