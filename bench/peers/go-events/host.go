package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/ioutil"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	events "troupe/events/v1"
)

const (
	concurrency = 64
	clockEvery  = 32
	// batchEvents and batchesInFlight are the sizes with which troupe's host delivers.
	batchEvents     = 256
	batchesInFlight = 4
	// idBase gives all ids the same length.
	idBase = 1e15
)

type command struct {
	Work       string  `json:"work"`
	DurationMs float64 `json:"durationMs"`
	Bytes      int     `json:"bytes"`
}

type result struct {
	Count     int     `json:"count"`
	ElapsedMs float64 `json:"elapsedMs"`
	Pids      []int   `json:"pids"`
}

// source makes events of one size.
type source struct {
	payload []byte
	plain   bool
}

// next is a fresh event, as a publisher would make it.
func (s *source) next(index int) *events.Event {
	event := &events.Event{
		Id:            "evt-" + strconv.Itoa(idBase+index),
		Type:          "order.accepted",
		TimeUnixNanos: time.Now().UnixNano(),
		Source:        "bench-events-producer",
		Payload:       s.payload,
		Depth:         1,
	}
	if !s.plain {
		event.Metadata = map[string]string{"tenant": "acme-eu", "trace": "4bf92f3577"}
	}
	return event
}

func newSource(bytes int, plain bool) *source {
	s := &source{plain: plain}
	// The length of the payload takes one byte more from 128 on, and 4 kB are on the other side of it.
	for s.payload = []byte{}; proto.Size(s.next(0)) < bytes; {
		s.payload = append(s.payload, 'p')
	}
	return s
}

type work func(client events.EventServiceClient, source *source, until time.Time) (int, error)

var works = map[string]work{
	"unary-sequential": sequential,
	"unary-64":         concurrent,
	"client-stream":    clientStream,
	"acked-each":       func(c events.EventServiceClient, s *source, u time.Time) (int, error) { return acked(c, s, u, 1, 0) },
	"acked-batched": func(c events.EventServiceClient, s *source, u time.Time) (int, error) {
		return acked(c, s, u, batchEvents, batchesInFlight)
	},
}

func runHost(arguments []string) {
	flags := flag.NewFlagSet("host", flag.ExitOnError)
	plain := flags.Bool("plain", false, "events without metadata, of the same size")
	fail(flags.Parse(arguments))
	cmd := exec.Command(os.Args[0], "plugin")
	if flags.NArg() > 0 {
		cmd = exec.Command(flags.Arg(0), flags.Args()[1:]...)
	}
	client, service, err := launch(cmd)
	fail(err)
	defer client.Kill()
	emit(map[string]bool{"ready": true})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var next command
		fail(json.Unmarshal(lines.Bytes(), &next))
		do, known := works[next.Work]
		if !known {
			client.Kill()
			fail(fmt.Errorf("there is no work %q", next.Work))
		}
		source := newSource(next.Bytes, *plain)
		begin := time.Now()
		count, err := do(service, source, begin.Add(time.Duration(next.DurationMs*1e6)))
		elapsed := time.Since(begin)
		if err != nil {
			client.Kill()
		}
		fail(err)
		pids := []int{os.Getpid(), cmd.Process.Pid}
		emit(result{Count: count, ElapsedMs: float64(elapsed.Nanoseconds()) / 1e6, Pids: pids})
	}
}

func launch(cmd *exec.Cmd) (*plugin.Client, events.EventServiceClient, error) {
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake(false),
		Plugins:          plugin.PluginSet{pluginName: &countingPlugin{}},
		Cmd:              cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		Stderr:           ioutil.Discard,
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	raw, err := protocol.Dispense(pluginName)
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	return client, events.NewEventServiceClient(raw.(*grpc.ClientConn)), nil
}

func sequential(client events.EventServiceClient, source *source, until time.Time) (int, error) {
	for done := 1; ; done++ {
		request := &events.HandleEventRequest{Event: source.next(done)}
		if _, err := client.HandleEvent(context.Background(), request); err != nil {
			return 0, err
		}
		if time.Now().After(until) {
			return done, nil
		}
	}
}

func concurrent(client events.EventServiceClient, source *source, until time.Time) (int, error) {
	var group sync.WaitGroup
	var mutex sync.Mutex
	var first error
	total := 0
	for worker := 0; worker < concurrency; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			done, err := sequential(client, source, until)
			mutex.Lock()
			defer mutex.Unlock()
			total += done
			if err != nil {
				first = err
			}
		}()
	}
	group.Wait()
	return total, first
}

func clientStream(client events.EventServiceClient, source *source, until time.Time) (int, error) {
	stream, err := client.StreamEvents(context.Background())
	if err != nil {
		return 0, err
	}
	for sent := 1; ; sent++ {
		request := &events.StreamEventsRequest{Event: source.next(sent), Sequence: uint64(sent)}
		if err := stream.Send(request); err != nil {
			return 0, err
		}
		if sent%clockEvery == 0 && time.Now().After(until) {
			break
		}
	}
	reply, err := stream.CloseAndRecv()
	if err != nil {
		return 0, err
	}
	return int(reply.Received), nil
}

// acked sends messages of `size` events. With a limit it keeps that many messages without an acknowledgement in the air;
// without one it sends as fast as the flow control of HTTP/2 lets it, which is how Go is fastest.
func acked(
	client events.EventServiceClient, source *source, until time.Time, size int, inFlight int,
) (int, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := client.Deliver(ctx)
	if err != nil {
		return 0, err
	}
	slots := make(chan struct{}, inFlight)
	sending := make(chan error, 1)
	go func() {
		defer stream.CloseSend()
		for sent, messages := 0, 1; ; messages++ {
			request := &events.DeliverRequest{FirstSequence: uint64(sent + 1)}
			for len(request.Events) < size {
				sent++
				request.Events = append(request.Events, source.next(sent))
			}
			if inFlight > 0 {
				slots <- struct{}{}
			}
			if err := stream.Send(request); err != nil {
				sending <- err
				return
			}
			if (size > 1 || messages%clockEvery == 0) && time.Now().After(until) {
				sending <- nil
				return
			}
		}
	}()
	acknowledged := 0
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return acknowledged, <-sending
		}
		if err != nil {
			return 0, err
		}
		acknowledged = int(answer.Settled)
		if inFlight > 0 {
			<-slots
		}
	}
}
