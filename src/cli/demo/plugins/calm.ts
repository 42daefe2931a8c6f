// The plugin of the demo that gets all events, and to which nothing happens.

import { serveReader } from '../events/event-reader.ts';

void serveReader('calm');
