package main

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	events "troupe/events/v1"
)

const (
	// hostEventServiceID is the broker's id under which hosts serve HostEventService.
	hostEventServiceID = 1
	hostCallLimit      = 5 * time.Second
	// reportMost is how many results one report carries, reportQueue how many wait for one.
	reportMost  = 256
	reportQueue = 4096
)

// hostChannel is the way back to the host. It is dialled when it is first needed, and again after a failure.
type hostChannel struct {
	broker *plugin.GRPCBroker
	emits  *journal
	logger hclog.Logger
	mutex  sync.Mutex
	conn   *grpc.ClientConn
}

func (c *hostChannel) client() (events.HostEventServiceClient, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.conn == nil {
		// Waits up to 5 s for the host to say where it listens.
		conn, err := c.broker.Dial(hostEventServiceID)
		if err != nil {
			return nil, err
		}
		c.conn = conn
	}
	return events.NewHostEventServiceClient(c.conn), nil
}

// emit publishes an event and waits for the host's word. A refusal is not an error: the host says why.
func (c *hostChannel) emit(event *events.EmittedEvent, cause *events.Cause) {
	client, err := c.client()
	if err != nil {
		c.logger.Error("no way to the host", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), hostCallLimit)
	defer cancel()
	reply, err := client.Emit(ctx, &events.EmitRequest{Event: event, Cause: cause})
	switch {
	case err != nil:
		c.logger.Error("the host cannot be called", "error", err)
	case reply.Success:
		c.emits.append(reply.EventId + " published")
	default:
		c.logger.Warn("the host refused an event", "type", event.Type, "code", reply.ErrorCode)
		c.emits.append("- " + reply.ErrorCode)
	}
}

// reporter tells the host what became of events that came by StreamEvents, several at once when they come fast.
type reporter struct {
	results chan *events.EventResult
	done    chan struct{}
}

func (c *hostChannel) startReporter() *reporter {
	r := &reporter{results: make(chan *events.EventResult, reportQueue), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for result := range r.results {
			batch := append(make([]*events.EventResult, 0, reportMost), result)
			for len(batch) < reportMost && len(r.results) > 0 {
				batch = append(batch, <-r.results)
			}
			c.report(batch)
		}
	}()
	return r
}

// finish returns when all results are reported.
func (r *reporter) finish() {
	close(r.results)
	<-r.done
}

// report gives up on results that the host does not take: they are then unknown to it.
func (c *hostChannel) report(results []*events.EventResult) {
	client, err := c.client()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), hostCallLimit)
		defer cancel()
		_, err = client.ReportResults(ctx, &events.ReportResultsRequest{Results: results})
	}
	if err != nil {
		c.logger.Warn("results could not be reported", "count", len(results), "error", err)
	}
}
