// A plugin in Go of the awf protocol: package plugin.v1, cookie AWF_PLUGIN, always under AutoMTLS when its host asks.
//
//	awf-plugin [-without-stream] [-blocking-dial] [-answer=TYPE]
//
//	-without-stream  StreamEvents answers UNIMPLEMENTED, as a plugin that was built before it existed
//	-blocking-dial   dials the host's event service while its server is set up, as their SDK does: the host cannot have
//	                 announced it by then, so that the handshake line comes 5 s late
//	-answer=TYPE     HandleEvent returns an event of that type for each event
//
// Environment:
//
//	JOURNAL  a file; the id of each handled event is appended to it, one a line
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	awf "plugin/v1"
)

var handshake = plugin.HandshakeConfig{
	ProtocolVersion: 1, MagicCookieKey: "AWF_PLUGIN", MagicCookieValue: "awf-plugin-v1",
}

var (
	withoutStream = flag.Bool("without-stream", false, "StreamEvents answers UNIMPLEMENTED")
	blockingDial  = flag.Bool("blocking-dial", false, "dial the host before the handshake line")
	answer        = flag.String("answer", "", "type of the event that HandleEvent returns")
)

// awfPlugin registers the services.
type awfPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	logger hclog.Logger
}

func (p *awfPlugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	if *blockingDial {
		if _, err := broker.Dial(1); err != nil {
			p.logger.Warn("no way to the host", "error", err)
		}
	}
	awf.RegisterPluginServiceServer(server, &pluginService{})
	service := &eventService{}
	if path := os.Getenv("JOURNAL"); path != "" {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		service.journal = file
	}
	awf.RegisterEventServiceServer(server, service)
	return nil
}

func (p *awfPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, fmt.Errorf("this program only serves")
}

// pluginService says who the plugin is. As with their SDK, the list of capabilities stays empty.
type pluginService struct{}

func (pluginService) GetInfo(context.Context, *awf.GetInfoRequest) (*awf.GetInfoResponse, error) {
	return &awf.GetInfoResponse{Name: "awf-peer", Version: "1.2.3", Description: "takes events"}, nil
}

func (pluginService) Init(context.Context, *awf.InitRequest) (*awf.InitResponse, error) {
	return &awf.InitResponse{}, nil
}

func (pluginService) Shutdown(context.Context, *awf.ShutdownRequest) (*awf.ShutdownResponse, error) {
	return &awf.ShutdownResponse{}, nil
}

// eventService writes down what it handles.
type eventService struct {
	awf.UnimplementedEventServiceServer
	mutex   sync.Mutex
	journal *os.File
}

func (s *eventService) handle(id string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.journal == nil {
		return nil
	}
	_, err := s.journal.WriteString(id + "\n")
	return err
}

func (s *eventService) HandleEvent(
	_ context.Context, request *awf.HandleEventRequest,
) (*awf.HandleEventResponse, error) {
	if err := s.handle(request.Id); err != nil || *answer == "" {
		return &awf.HandleEventResponse{}, err
	}
	// Their SDK leaves id and time of what a plugin emits to the host.
	emitted := &awf.HandleEventRequest{Type: *answer, Source: "awf-peer", PropagationDepth: request.PropagationDepth + 1}
	return &awf.HandleEventResponse{EmittedEvents: []*awf.HandleEventRequest{emitted}}, nil
}

func (s *eventService) StreamEvents(stream awf.EventService_StreamEventsServer) error {
	if *withoutStream {
		return s.UnimplementedEventServiceServer.StreamEvents(stream)
	}
	for {
		message, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&awf.StreamEventsResponse{})
		}
		if err != nil {
			return err
		}
		if err := s.handle(message.Id); err != nil {
			return err
		}
	}
}

func main() {
	flag.Parse()
	logger := hclog.New(&hclog.LoggerOptions{Name: "awf", Level: hclog.Info, Output: os.Stderr, JSONFormat: true})
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{"awf-plugin": &awfPlugin{logger: logger}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          logger,
	})
}
