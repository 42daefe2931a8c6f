// The plugin of the demo that never fails.

import { serveWorker } from '../worker.ts';

void serveWorker('steady');
