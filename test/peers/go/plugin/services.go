package main

import (
	"context"
	"sync"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	peerproto "troupe/testing/v1"
)

// kvService keeps values in memory.
type kvService struct {
	mutex  sync.Mutex
	values map[string][]byte
}

func newKvService() *kvService {
	return &kvService{values: make(map[string][]byte)}
}

func (s *kvService) Put(_ context.Context, request *peerproto.PutRequest) (*peerproto.PutResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.values[request.Key] = request.Value
	return &peerproto.PutResponse{}, nil
}

func (s *kvService) Get(_ context.Context, request *peerproto.GetRequest) (*peerproto.GetResponse, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value, ok := s.values[request.Key]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "key %q was never put", request.Key)
	}
	return &peerproto.GetResponse{Value: value}, nil
}

// counterService lets the host do its sums, over a connection that the host brokers.
type counterService struct {
	broker *plugin.GRPCBroker
	sums   sync.Map // key -> *counter
}

// counter is locked for as long as its callback takes, so that no sum of one key is lost. Keys do not wait for others.
type counter struct {
	mutex sync.Mutex
	sum   int64
}

func (s *counterService) Add(
	ctx context.Context, request *peerproto.CounterServiceAddRequest,
) (*peerproto.CounterServiceAddResponse, error) {
	stored, _ := s.sums.LoadOrStore(request.Key, &counter{})
	counter := stored.(*counter)
	counter.mutex.Lock()
	defer counter.mutex.Unlock()

	// Waits up to 5 s for the host to say where it listens; does not connect yet.
	connection, err := s.broker.Dial(request.CallbackId)
	if err != nil {
		return nil, status.Errorf(codes.Unavailable, "dial callback %d: %s", request.CallbackId, err)
	}
	defer connection.Close()
	reply, err := peerproto.NewAdderServiceClient(connection).Add(
		ctx, &peerproto.AdderServiceAddRequest{A: counter.sum, B: request.Value})
	if err != nil {
		return nil, err
	}
	counter.sum = reply.Sum
	return &peerproto.CounterServiceAddResponse{Sum: reply.Sum}, nil
}
