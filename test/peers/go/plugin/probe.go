package main

import (
	"context"
	"io"
	"os"
	"runtime"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	peerproto "troupe/testing/v1"
)

// probeService has the four kinds of call, and the ways to misbehave.
type probeService struct {
	peer   *peer
	broker *plugin.GRPCBroker
}

func (s *probeService) Echo(_ context.Context, request *peerproto.EchoRequest) (*peerproto.EchoResponse, error) {
	return &peerproto.EchoResponse{Text: request.Text, Pid: uint32(os.Getpid()), Version: s.peer.version}, nil
}

func (s *probeService) Download(request *peerproto.DownloadRequest, stream peerproto.ProbeService_DownloadServer) error {
	for index := uint32(0); index < request.Count; index++ {
		if err := stream.Send(&peerproto.DownloadResponse{Index: index, Text: request.Text}); err != nil {
			return err
		}
	}
	return nil
}

func (s *probeService) Upload(stream peerproto.ProbeService_UploadServer) error {
	answer := &peerproto.UploadResponse{}
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(answer)
		}
		if err != nil {
			return err
		}
		answer.Messages++
		answer.Bytes += uint64(len(request.Text))
	}
}

func (s *probeService) Chat(stream peerproto.ProbeService_ChatServer) error {
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&peerproto.ChatResponse{Text: request.Text}); err != nil {
			return err
		}
	}
}

// Print writes to the variables, not to the descriptors: after the handshake these are the library's pipes. A library
// that does not read them (before 1.1.0) lets the text disappear, and blocks the writer after about 64 KiB.
func (s *probeService) Print(_ context.Context, request *peerproto.PrintRequest) (*peerproto.PrintResponse, error) {
	streams := map[string]*os.File{"stdout": os.Stdout, "stderr": os.Stderr}
	file, ok := streams[request.Stream]
	if !ok {
		return nil, status.Errorf(codes.InvalidArgument, "stream %q is neither stdout nor stderr", request.Stream)
	}
	if _, err := file.WriteString(request.Text); err != nil {
		return nil, err
	}
	return &peerproto.PrintResponse{}, nil
}

func (s *probeService) Log(_ context.Context, request *peerproto.LogRequest) (*peerproto.LogResponse, error) {
	level := hclog.LevelFromString(request.Level)
	if level == hclog.NoLevel {
		return nil, status.Errorf(codes.InvalidArgument, "unknown level %q", request.Level)
	}
	s.peer.logger.Log(level, request.Message, "pid", os.Getpid())
	return &peerproto.LogResponse{}, nil
}

func (s *probeService) Crash(_ context.Context, request *peerproto.CrashRequest) (*peerproto.CrashResponse, error) {
	os.Exit(int(request.ExitCode))
	return nil, nil
}

// Hang answers nothing until the caller gives up, or freezes the process.
func (s *probeService) Hang(ctx context.Context, request *peerproto.HangRequest) (*peerproto.HangResponse, error) {
	if request.Busy {
		// The last processor of the Go scheduler goes to a loop that it cannot interrupt: no other goroutine runs again,
		// at the price of one busy core.
		runtime.GOMAXPROCS(1)
		spin()
	}
	<-ctx.Done()
	return nil, status.FromContextError(ctx.Err()).Err()
}

// Offer serves this same service on a connection of its own. It answers at once: whoever dials waits for the advert.
func (s *probeService) Offer(_ context.Context, request *peerproto.OfferRequest) (*peerproto.OfferResponse, error) {
	go s.broker.AcceptAndServe(request.Id, func(options []grpc.ServerOption) *grpc.Server {
		server := grpc.NewServer(options...)
		peerproto.RegisterProbeServiceServer(server, s)
		s.peer.offers.add(server)
		return server
	})
	return &peerproto.OfferResponse{}, nil
}
