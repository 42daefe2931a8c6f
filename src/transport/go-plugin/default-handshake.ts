import type { MagicCookie } from './handshake-environment.ts';

/** The magic cookie that troupe's hosts and plugins use when they are told no other. */
export const DEFAULT_HANDSHAKE: MagicCookie = Object.freeze({
  cookieKey: 'TROUPE_PLUGIN',
  cookieValue: '9f1c5d0e-troupe-plugin-v1',
});
