package main

import (
	"context"
	"fmt"
	"io"

	peerproto "troupe/testing/v1"
)

// download[:count[:text]] checks the order.
func download(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	request := &peerproto.DownloadRequest{Count: uint32(number(arguments, 0, 100)), Text: text(arguments, 1, "down")}
	stream, err := s.probe().Download(ctx, request)
	if err != nil {
		return nil, err
	}
	messages, bytes := uint32(0), 0
	for {
		reply, err := stream.Recv()
		if err == io.EOF {
			return object{"messages": messages, "bytes": bytes}, nil
		}
		if err != nil {
			return nil, err
		}
		if reply.Index != messages {
			return nil, fmt.Errorf("message %d came as number %d", reply.Index, messages)
		}
		messages++
		bytes += len(reply.Text)
	}
}

// upload[:count[:text]]
func upload(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	stream, err := s.probe().Upload(ctx)
	if err != nil {
		return nil, err
	}
	for count := number(arguments, 0, 100); count > 0; count-- {
		// The answer tells why the other side has ended the stream; Send itself only says that it has.
		if stream.Send(&peerproto.UploadRequest{Text: text(arguments, 1, "up")}) != nil {
			break
		}
	}
	reply, err := stream.CloseAndRecv()
	if err != nil {
		return nil, err
	}
	return object{"messages": reply.Messages, "bytes": reply.Bytes}, nil
}

// chat[:count] sends a message, waits for its answer, sends the next.
func chat(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	stream, err := s.probe().Chat(ctx)
	if err != nil {
		return nil, err
	}
	count := number(arguments, 0, 100)
	for index := 0; index < count; index++ {
		sent := fmt.Sprintf("message %d", index)
		if err := stream.Send(&peerproto.ChatRequest{Text: sent}); err != nil && err != io.EOF {
			return nil, err
		}
		reply, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		if reply.Text != sent {
			return nil, fmt.Errorf("%q was answered with %q", sent, reply.Text)
		}
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	if _, err := stream.Recv(); err != io.EOF {
		return nil, fmt.Errorf("the stream went on after its end: %v", err)
	}
	return object{"messages": count}, nil
}
