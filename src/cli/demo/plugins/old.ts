// The plugin of the demo that takes events one call at a time.

import { serveReader } from '../events/event-reader.ts';

void serveReader('old', { forms: ['unary'] });
