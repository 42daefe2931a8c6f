// The plugin of the demo whose stream of events is cut in the middle.

import { serveReader } from '../events/event-reader.ts';

void serveReader('cut', { cutAfter: 2500 });
