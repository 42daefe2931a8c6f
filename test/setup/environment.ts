// Runs in each test process before its files: what a developer's shell holds must not change what a test sees.

import { fileURLToPath } from 'node:url';

for (const name of Object.keys(process.env)) if (name.startsWith('PLUGIN_')) delete process.env[name];
// Hosts under test keep compiled code and pinned copies in the user's cache directory; these are not the user's.
process.env['XDG_CACHE_HOME'] = fileURLToPath(new URL('../../.cache/xdg', import.meta.url));
