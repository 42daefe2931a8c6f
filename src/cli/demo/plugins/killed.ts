// The plugin of the demo that is killed in the middle of an event.

import { KILLED_AT } from '../events/event-cast.ts';
import { serveReader } from '../events/event-reader.ts';

void serveReader('killed', { stuckAt: KILLED_AT });
