// Bugs of bundles that tests must find. Plant one, run what kills it, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const NAMES = 'src/host/bundles/zip/entry-name.ts';
const CODEC = 'property-tests/bundles/bundle.codec.prop.ts';
const DAMAGE = 'property-tests/bundles/damage.policy.prop.ts';

/** Bugs of what reads, writes and checks bundles. */
export const BUNDLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a name may lead out of its bundle (N1)',
    file: NAMES,
    from: '  if (problem !== undefined) throw entryRefused(label, name, problem);\n',
    to: '',
    killedBy: 'property-tests/bundles/names.policy.prop.ts',
  },
  {
    name: 'names in another case are two files (N2)',
    file: NAMES,
    from: "return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');",
    to: 'return name;',
    killedBy: 'test/host/bundles/entry-name.test.ts',
  },
  {
    name: 'contents are not compared with their hash',
    file: 'src/host/bundles/source/open-bundle.ts',
    from: "  if (hash.digest('hex') !== file.sha256) throw",
    to: "  if (hash.digest('hex') === '') throw",
    killedBy: DAMAGE,
  },
  {
    name: 'the digest of a record is believed (R2)',
    file: 'src/host/bundles/record/bundle-record.ts',
    from: '  if (digestOf(record) !== record.digest) throw',
    to: '  if (record.digest === undefined) throw',
    killedBy: DAMAGE,
  },
  {
    name: 'a former stage that failed leaves its workplace (G2)',
    file: 'src/host/bundles/store/stage.ts',
    from: '    await removeTree(workplace).catch(() => {});\n',
    to: '',
    killedBy: DAMAGE,
  },
  {
    name: 'the right to be executed is lost',
    file: 'src/host/bundles/store/write-artifact.ts',
    from: 'file.executable === true ? 0o500 : 0o400',
    to: '0o400',
    killedBy: CODEC,
  },
  {
    name: 'files are recorded in the order in which they were found',
    file: 'src/host/bundles/record/bundle-record.ts',
    from: '  const files = [...facts.files].sort(byPath);\n',
    to: '  const files = [...facts.files];\n',
    killedBy: CODEC,
  },
  {
    name: 'a chunk that is still on its way is read over',
    file: 'src/host/bundles/source/open-directory.ts',
    from: 'yield Buffer.from(chunk);',
    to: 'yield chunk;',
    killedBy: CODEC,
  },
  {
    name: 'a forged signature counts (G-21)',
    file: 'src/host/bundles/signing/signature.ts',
    from: "  return isMeant && verify(null, messageOf(digest), by, Buffer.from(signature, 'base64'));",
    to: '  return isMeant && signature.length > 0 && verify !== undefined;',
    killedBy: 'test/host/bundles/trust.test.ts',
  },
  {
    name: 'of 2 answers for a name only the first is checked (L2)',
    file: 'src/host/bundles/download/download.ts',
    from: 'const hidden = addresses.find(',
    to: 'const hidden = addresses.slice(0, 1).find(',
    killedBy: 'test/host/bundles/download.test.ts',
  },
];
