package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"troupe/peers/contract"
	peerproto "troupe/testing/v1"
)

// stepFunc does one step; what it returns becomes the value of the line.
type stepFunc func(ctx context.Context, s *session, arguments []string) (interface{}, error)

// object is a JSON object.
type object map[string]interface{}

// steps are all that a script may name. An offline step needs no running plugin.
var steps = map[string]struct {
	do      stepFunc
	offline bool
}{
	"echo":     {do: echo},
	"big":      {do: big},
	"kv":       {do: kv},
	"download": {do: download},
	"upload":   {do: upload},
	"chat":     {do: chat},
	"counter":  {do: counter},
	"offer":    {do: offer},
	"ping":     {do: ping},
	"print":    {do: printText},
	"log":      {do: logEntry},
	"crash":    {do: crash},
	"hang":     {do: hang},
	"exited":   {do: exited, offline: true},
	"kill":     {do: kill, offline: true},
	"logs":     {do: logs, offline: true},
	"stderr":   {do: stderr, offline: true},
	"stdio":    {do: stdio, offline: true},
	"sleep":    {do: sleep, offline: true},
}

// start launches the plugin and waits for its handshake; the connection itself is made by the first call.
func start(_ context.Context, s *session, _ []string) (interface{}, error) {
	address, err := s.client.Start()
	if err != nil {
		return nil, err
	}
	protocol, err := s.client.Client()
	if err != nil {
		return nil, err
	}
	if _, err := protocol.Dispense(contract.Name); err != nil {
		return nil, err
	}
	return object{
		"pid":      s.command.Process.Pid,
		"version":  s.client.NegotiatedVersion(),
		"network":  address.Network(),
		"address":  address.String(),
		"goPlugin": goPluginVersion,
	}, nil
}

// echo[:text]
func echo(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	return echoOf(ctx, s.probe(), text(arguments, 0, "hello"))
}

func echoOf(ctx context.Context, probe peerproto.ProbeServiceClient, text string) (interface{}, error) {
	reply, err := probe.Echo(ctx, &peerproto.EchoRequest{Text: text})
	if err != nil {
		return nil, err
	}
	return object{"text": reply.Text, "pid": reply.Pid, "version": reply.Version}, nil
}

// big:bytes echoes a text of that size.
func big(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	sent := strings.Repeat("x", number(arguments, 0, 1<<20))
	reply, err := s.probe().Echo(ctx, &peerproto.EchoRequest{Text: sent})
	if err != nil {
		return nil, err
	}
	return object{"bytes": len(reply.Text), "same": reply.Text == sent}, nil
}

// kv[:key[:value]] stores, reads back, and asks for a key that does not exist.
func kv(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	client := peerproto.NewKvServiceClient(s.conn)
	key := text(arguments, 0, "key")
	if _, err := client.Put(ctx, &peerproto.PutRequest{Key: key, Value: []byte(text(arguments, 1, "value"))}); err != nil {
		return nil, err
	}
	reply, err := client.Get(ctx, &peerproto.GetRequest{Key: key})
	if err != nil {
		return nil, err
	}
	_, missing := client.Get(ctx, &peerproto.GetRequest{Key: key + " of nobody"})
	return object{"value": string(reply.Value), "missing": status.Code(missing).String()}, nil
}

// counter[:value[:id]] lets the plugin call back; without an id the broker gives the next one.
func counter(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	id := uint32(number(arguments, 1, 0))
	if id == 0 {
		id = s.broker.NextId()
	}
	adder := serveAdder(s.broker, id)
	defer adder.stop()
	reply, err := peerproto.NewCounterServiceClient(s.conn).Add(ctx, &peerproto.CounterServiceAddRequest{
		CallbackId: id,
		Key:        "counter",
		Value:      int64(number(arguments, 0, 1)),
	})
	if err != nil {
		return nil, err
	}
	return object{"sum": reply.Sum, "id": id, "callbacks": adder.count()}, nil
}

// offer[:text] asks the plugin to serve on a brokered connection, dials it and echoes there.
func offer(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	id := s.broker.NextId()
	if _, err := s.probe().Offer(ctx, &peerproto.OfferRequest{Id: id}); err != nil {
		return nil, err
	}
	conn, err := s.broker.Dial(id)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return echoOf(ctx, peerproto.NewProbeServiceClient(conn), text(arguments, 0, "offered"))
}

// ping asks the health service. The library's own Ping knows no time limit, and a frozen plugin would stop the script.
func ping(ctx context.Context, s *session, _ []string) (interface{}, error) {
	reply, err := grpc_health_v1.NewHealthClient(s.conn).Check(
		ctx, &grpc_health_v1.HealthCheckRequest{Service: plugin.GRPCServiceName})
	if err != nil {
		return nil, err
	}
	return object{"status": reply.Status.String()}, nil
}

// print[:stream[:text]]
func printText(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	_, err := s.probe().Print(ctx, &peerproto.PrintRequest{
		Stream: text(arguments, 0, "stdout"),
		Text:   text(arguments, 1, "printed") + "\n",
	})
	return nil, err
}

// log[:level[:message]]
func logEntry(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	_, err := s.probe().Log(ctx, &peerproto.LogRequest{
		Level:   text(arguments, 0, "info"),
		Message: text(arguments, 1, "logged"),
	})
	return nil, err
}

// crash[:code] fails with Unavailable when the plugin does as it is told.
func crash(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	_, err := s.probe().Crash(ctx, &peerproto.CrashRequest{ExitCode: uint32(number(arguments, 0, 1))})
	return nil, err
}

// hang[:call|busy[:ms]] fails with DeadlineExceeded after that time (default 500 ms).
func hang(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	ctx, cancel := context.WithTimeout(ctx, milliseconds(arguments, 1, 500))
	defer cancel()
	_, err := s.probe().Hang(ctx, &peerproto.HangRequest{Busy: text(arguments, 0, "call") == "busy"})
	return nil, err
}

// exited waits for the end of the plugin's process.
func exited(ctx context.Context, s *session, _ []string) (interface{}, error) {
	if err := until(ctx, s.client.Exited); err != nil {
		return nil, err
	}
	code, signal := s.ending()
	return object{"exitCode": code, "signal": signal}, nil
}

func kill(_ context.Context, s *session, _ []string) (interface{}, error) {
	s.kill()
	return nil, nil
}

// logs[:part] prints all captured entries; with an argument it first waits for an entry whose message has that part.
func logs(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	part := text(arguments, 0, "")
	err := until(ctx, func() bool {
		for _, entry := range s.logs.entries() {
			if message, ok := entry["@message"].(string); ok && strings.Contains(message, part) {
				return true
			}
		}
		return false
	})
	return s.logs.entries(), err
}

// stderr[:part] prints what came from the plugin's descriptor 2, once it has that part.
func stderr(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	part := text(arguments, 0, "")
	err := until(ctx, func() bool { return strings.Contains(string(s.stderr.bytes()), part) })
	return string(s.stderr.bytes()), err
}

// stdio[:part] prints the synced output, once one of the two streams has that part. Libraries before 1.1.0 sync nothing
// unless they are patched.
func stdio(ctx context.Context, s *session, arguments []string) (interface{}, error) {
	if strings.HasPrefix(goPluginVersion, "1.0.") && !strings.HasSuffix(goPluginVersion, "+patched") {
		return "n/a", nil
	}
	part := text(arguments, 0, "")
	read := func(stream string) string { return string(s.synced[stream].bytes()) }
	err := until(ctx, func() bool {
		return strings.Contains(read("stdout"), part) || strings.Contains(read("stderr"), part)
	})
	return object{"stdout": read("stdout"), "stderr": read("stderr")}, err
}

// sleep:ms
func sleep(_ context.Context, _ *session, arguments []string) (interface{}, error) {
	time.Sleep(milliseconds(arguments, 0, 100))
	return nil, nil
}

func (s *session) probe() peerproto.ProbeServiceClient {
	return peerproto.NewProbeServiceClient(s.conn)
}

// until polls a fact that the library does not announce.
func until(ctx context.Context, holds func() bool) error {
	for !holds() {
		select {
		case <-ctx.Done():
			return status.Error(codes.DeadlineExceeded, "did not come true within the time limit of a step")
		case <-time.After(2 * time.Millisecond):
		}
	}
	return nil
}

func text(arguments []string, index int, fallback string) string {
	if index < len(arguments) && arguments[index] != "" {
		return arguments[index]
	}
	return fallback
}

// number panics with an error, which perform turns into the outcome of the step.
func number(arguments []string, index, fallback int) int {
	value, err := strconv.Atoi(text(arguments, index, strconv.Itoa(fallback)))
	if err != nil {
		panic(fmt.Errorf("argument %q is not a number", arguments[index]))
	}
	return value
}

func milliseconds(arguments []string, index, fallback int) time.Duration {
	return time.Duration(number(arguments, index, fallback)) * time.Millisecond
}

var _ plugin.GRPCPlugin = (*hostPlugin)(nil)
