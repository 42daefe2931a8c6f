package main

import (
	"context"
	"sync/atomic"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	peerproto "troupe/testing/v1"
)

// adder is the service that the plugin calls back, on a brokered server of its own.
type adder struct {
	calls   int32
	serving chan *grpc.Server
	ended   chan struct{}
}

func serveAdder(broker *plugin.GRPCBroker, id uint32) *adder {
	a := &adder{serving: make(chan *grpc.Server, 1), ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		broker.AcceptAndServe(id, func(options []grpc.ServerOption) *grpc.Server {
			server := grpc.NewServer(options...)
			peerproto.RegisterAdderServiceServer(server, a)
			a.serving <- server
			return server
		})
	}()
	return a
}

func (a *adder) Add(
	_ context.Context, request *peerproto.AdderServiceAddRequest,
) (*peerproto.AdderServiceAddResponse, error) {
	atomic.AddInt32(&a.calls, 1)
	return &peerproto.AdderServiceAddResponse{Sum: request.A + request.B}, nil
}

func (a *adder) count() int32 {
	return atomic.LoadInt32(&a.calls)
}

// stop returns when the server is gone, and its socket file with it.
func (a *adder) stop() {
	select {
	case server := <-a.serving:
		server.Stop()
	case <-a.ended:
	}
	<-a.ended
}
