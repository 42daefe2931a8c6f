package main

import (
	"context"
	"sync"

	events "troupe/events/v1"
)

// remembered is how many results are kept to answer events that come again.
const remembered = 20000

// dispatcher runs the handler: one event at a time in the order of their arrival, and once for each id. An event that
// comes again, after its stream was cut, is answered with the result of the first time.
type dispatcher struct {
	mutex  sync.Mutex
	handle func(*events.Event) ([]*events.EmittedEvent, error)
	// known holds the results by id; order has the ids, the oldest first.
	known map[string]*events.EventResult
	order []string
}

func newDispatcher(handle func(*events.Event) ([]*events.EmittedEvent, error)) *dispatcher {
	return &dispatcher{handle: handle, known: make(map[string]*events.EventResult)}
}

// run waits for its turn. Once it has it, a stream that is gone starts no handler any more: its successor may already
// have brought the same event again. `then` runs within the turn, before the next event's.
func (d *dispatcher) run(ctx context.Context, event *events.Event, then func(*events.EventResult)) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	result, again := d.known[event.Id]
	if !again {
		result = &events.EventResult{EventId: event.Id}
		emitted, err := d.handle(event)
		result.Emitted = emitted
		if err != nil {
			result.Error = &events.EventError{Code: "HANDLER_FAILED", Message: err.Error()}
		}
		d.remember(result)
	}
	then(result)
	return nil
}

func (d *dispatcher) remember(result *events.EventResult) {
	d.known[result.EventId] = result
	d.order = append(d.order, result.EventId)
	if len(d.order) > remembered {
		delete(d.known, d.order[0])
		d.order = d.order[1:]
	}
}
