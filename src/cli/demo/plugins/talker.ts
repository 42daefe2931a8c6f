// The plugin of the demo that gets no events and emits some.

import { serveTalker } from '../events/event-talker.ts';

void serveTalker('talker');
