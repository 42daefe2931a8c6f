package main

import (
	"context"
	"io"
	"strconv"
	"sync/atomic"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	awfproto "plugin/v1"
	events "troupe/events/v1"
	peerproto "troupe/testing/v1"
)

const (
	pluginName = "events"
	window     = 65536
)

// countingPlugin is both sides' plugin.Plugin: it serves, and hands the host its connection.
type countingPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	awf bool
}

func (p *countingPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	counted := new(uint64)
	peerproto.RegisterProbeServiceServer(server, &counts{counted: counted})
	if p.awf {
		awfproto.RegisterPluginServiceServer(server, awfLife{})
		awfproto.RegisterEventServiceServer(server, &awfEvents{counted: counted})
	} else {
		events.RegisterEventServiceServer(server, &eventService{counted: counted})
	}
	return nil
}

func (p *countingPlugin) GRPCClient(
	_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn,
) (interface{}, error) {
	return conn, nil
}

// counts tells how many events there were.
type counts struct {
	peerproto.UnimplementedProbeServiceServer
	counted *uint64
}

func (c *counts) Echo(context.Context, *peerproto.EchoRequest) (*peerproto.EchoResponse, error) {
	return &peerproto.EchoResponse{Text: strconv.FormatUint(atomic.LoadUint64(c.counted), 10)}, nil
}

// eventService does the least that each form demands.
type eventService struct {
	counted *uint64
}

// Deliver acknowledges each message: each event when a message has one, else each batch.
func (s *eventService) Deliver(stream events.EventService_DeliverServer) error {
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		settled := uint64(0)
		if count := len(request.Events); count > 0 {
			atomic.AddUint64(s.counted, uint64(count))
			settled = request.FirstSequence + uint64(count) - 1
		} else if request.Start != nil && request.Start.NextSequence > 0 {
			settled = request.Start.NextSequence - 1
		}
		if err := stream.Send(&events.DeliverResponse{Settled: settled, SendLimit: settled + window}); err != nil {
			return err
		}
	}
}

func (s *eventService) StreamEvents(stream events.EventService_StreamEventsServer) error {
	for received := uint64(0); ; received++ {
		if _, err := stream.Recv(); err == io.EOF {
			return stream.SendAndClose(&events.StreamEventsResponse{Received: received})
		} else if err != nil {
			return err
		}
		atomic.AddUint64(s.counted, 1)
	}
}

func (s *eventService) HandleEvent(
	context.Context, *events.HandleEventRequest,
) (*events.HandleEventResponse, error) {
	atomic.AddUint64(s.counted, 1)
	return &events.HandleEventResponse{}, nil
}

// awfLife says who the plugin is.
type awfLife struct{}

func (awfLife) GetInfo(context.Context, *awfproto.GetInfoRequest) (*awfproto.GetInfoResponse, error) {
	return &awfproto.GetInfoResponse{Name: "bench", Version: "1.0.0"}, nil
}

func (awfLife) Init(context.Context, *awfproto.InitRequest) (*awfproto.InitResponse, error) {
	return &awfproto.InitResponse{}, nil
}

func (awfLife) Shutdown(context.Context, *awfproto.ShutdownRequest) (*awfproto.ShutdownResponse, error) {
	return &awfproto.ShutdownResponse{}, nil
}

// awfEvents counts; the protocol has no answers in its stream.
type awfEvents struct {
	counted *uint64
}

func (s *awfEvents) HandleEvent(
	context.Context, *awfproto.HandleEventRequest,
) (*awfproto.HandleEventResponse, error) {
	atomic.AddUint64(s.counted, 1)
	return &awfproto.HandleEventResponse{}, nil
}

func (s *awfEvents) StreamEvents(stream awfproto.EventService_StreamEventsServer) error {
	for {
		if _, err := stream.Recv(); err == io.EOF {
			return stream.SendAndClose(&awfproto.StreamEventsResponse{})
		} else if err != nil {
			return err
		}
		atomic.AddUint64(s.counted, 1)
	}
}
