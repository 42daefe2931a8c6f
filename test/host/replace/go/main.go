// A plugin in Go that writes down every call and every event that it handles, on go-plugin.
//
// It serves KvService, whose Put is a call that takes 5 ms, and takes events by acknowledged streams and by single calls.
//
// Environment:
//
//	JOURNAL  a file; "call KEY PID" or "event ID PID" is appended to it for each, one a line
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	events "troupe/events/v1"
	peerproto "troupe/testing/v1"
)

type journal struct {
	mutex sync.Mutex
	file  *os.File
}

func (j *journal) note(kind, id string) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	fmt.Fprintf(j.file, "%s %s %d\n", kind, id, os.Getpid())
}

type worker struct {
	plugin.NetRPCUnsupportedPlugin
	journal *journal
}

func (w *worker) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	peerproto.RegisterKvServiceServer(server, &kvService{journal: w.journal})
	events.RegisterEventServiceServer(server, &eventService{journal: w.journal, seen: map[string]bool{}})
	return nil
}

func (w *worker) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, fmt.Errorf("this program only serves")
}

type kvService struct {
	peerproto.UnimplementedKvServiceServer
	journal *journal
}

func (s *kvService) Put(_ context.Context, request *peerproto.PutRequest) (*peerproto.PutResponse, error) {
	s.journal.note("call", request.Key)
	time.Sleep(5 * time.Millisecond)
	return &peerproto.PutResponse{}, nil
}

// eventService handles each id once.
type eventService struct {
	events.UnimplementedEventServiceServer
	journal *journal
	mutex   sync.Mutex
	seen    map[string]bool
}

func (s *eventService) handle(id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.seen[id] {
		return
	}
	s.seen[id] = true
	s.journal.note("event", id)
}

func (s *eventService) HandleEvent(
	_ context.Context, request *events.HandleEventRequest,
) (*events.HandleEventResponse, error) {
	s.handle(request.Event.Id)
	return &events.HandleEventResponse{}, nil
}

// Deliver handles each message before it reads the next one, so that what is settled is what was read.
func (s *eventService) Deliver(stream events.EventService_DeliverServer) error {
	settled := uint64(0)
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if request.Start != nil {
			settled = request.Start.NextSequence - 1
		}
		for index, event := range request.Events {
			s.handle(event.Id)
			settled = request.FirstSequence + uint64(index)
		}
		if err := stream.Send(&events.DeliverResponse{Settled: settled, SendLimit: settled + 1024}); err != nil {
			return err
		}
	}
}

func main() {
	file, err := os.OpenFile(os.Getenv("JOURNAL"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey:   "TROUPE_PLUGIN",
			MagicCookieValue: "9f1c5d0e-troupe-plugin-v1",
		},
		VersionedPlugins: map[int]plugin.PluginSet{1: {"worker": &worker{journal: &journal{file: file}}}},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}
