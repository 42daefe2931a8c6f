// The plugin of the demo that knows no acknowledged stream of events.

import { serveReader } from '../events/event-reader.ts';

void serveReader('plain', { forms: ['stream', 'unary'] });
