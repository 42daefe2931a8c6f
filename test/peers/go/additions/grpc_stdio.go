package plugin

// Output over the wire, which go-plugin has from version 1.1.0 on: the rig adds this file to a copy of older sources.

import (
	"context"
	"io"

	"github.com/golang/protobuf/ptypes/empty"
	"google.golang.org/grpc"

	"github.com/hashicorp/go-plugin/internal/plugin"
)

// stdioChunkBytes is the most that one message carries.
const stdioChunkBytes = 1024

// stdioServer hands what the plugin prints to whoever reads the stream. Nothing but the pipes keeps what nobody reads.
type stdioServer struct {
	chunks chan *plugin.StdioData
}

func newStdioServer(stdout, stderr io.Reader) *stdioServer {
	s := &stdioServer{chunks: make(chan *plugin.StdioData)}
	go s.read(plugin.StdioData_STDOUT, stdout)
	go s.read(plugin.StdioData_STDERR, stderr)
	return s
}

func (s *stdioServer) read(channel plugin.StdioData_Channel, from io.Reader) {
	for {
		data := make([]byte, stdioChunkBytes)
		count, err := from.Read(data)
		if count > 0 {
			s.chunks <- &plugin.StdioData{Channel: channel, Data: data[:count]}
		}
		if err != nil {
			return
		}
	}
}

// StreamStdio lasts until the reader or the server ends it.
func (s *stdioServer) StreamStdio(_ *empty.Empty, stream plugin.GRPCStdio_StreamStdioServer) error {
	for {
		select {
		case chunk := <-s.chunks:
			if err := stream.Send(chunk); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return nil
		}
	}
}

// receiveStdio copies the plugin's output. A plugin that has no such stream is none the worse for it.
func receiveStdio(ctx context.Context, conn *grpc.ClientConn, stdout, stderr io.Writer) {
	stream, err := plugin.NewGRPCStdioClient(conn).StreamStdio(ctx, &empty.Empty{})
	if err != nil {
		return
	}
	for {
		chunk, err := stream.Recv()
		if err != nil {
			return
		}
		switch chunk.Channel {
		case plugin.StdioData_STDOUT:
			stdout.Write(chunk.Data)
		case plugin.StdioData_STDERR:
			stderr.Write(chunk.Data)
		}
	}
}
