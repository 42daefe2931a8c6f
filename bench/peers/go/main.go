// The Go host of the benchmarks, built against the go-plugin library itself: one plugin, and timed batches of work on
// command. One line of JSON in for each batch, one line out; the end of the input is the order to leave.
//
//	bench-host [-automtls] -- command [argument...]
//
// The kinds are those of bench/rpc/batches.ts, and `start`, which launches one more plugin, calls it once and kills it;
// what it reports is the time from the launch to the answer.
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
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"troupe/peers/contract"
	peerproto "troupe/testing/v1"
)

const (
	concurrency   = 64
	downloadCount = 5000
	clockEvery    = 32
)

// text makes messages of 200 bytes, as bench/rpc/batches.ts does.
var text = strings.Repeat("event payload, ", 14)[:197]

type command struct {
	Kind       string  `json:"kind"`
	DurationMs float64 `json:"durationMs"`
}

type result struct {
	Count     int     `json:"count"`
	ElapsedMs float64 `json:"elapsedMs"`
}

// hostPlugin hands the library's connection out.
type hostPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (hostPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return fmt.Errorf("this program only calls")
}

func (hostPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return conn, nil
}

func main() {
	autoMTLS := flag.Bool("automtls", false, "secure the connection with certificates made for each launch")
	flag.Parse()
	client, probe, err := launch(*autoMTLS)
	fail(err)
	defer client.Kill()
	emit(map[string]bool{"ready": true})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var next command
		fail(json.Unmarshal(lines.Bytes(), &next))
		done, err := perform(next, probe, *autoMTLS)
		if err != nil {
			client.Kill()
		}
		fail(err)
		emit(done)
	}
}

func launch(autoMTLS bool) (*plugin.Client, peerproto.ProbeServiceClient, error) {
	sets, err := contract.VersionedSets("1", func(int) plugin.Plugin { return hostPlugin{} })
	if err != nil {
		return nil, nil, err
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  contract.Handshake(contract.DefaultCookie),
		VersionedPlugins: sets,
		Cmd:              exec.Command(flag.Arg(0), flag.Args()[1:]...),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         autoMTLS,
		Logger:           hclog.NewNullLogger(),
		Stderr:           ioutil.Discard,
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	raw, err := protocol.Dispense(contract.Name)
	if err != nil {
		client.Kill()
		return nil, nil, err
	}
	return client, peerproto.NewProbeServiceClient(raw.(*grpc.ClientConn)), nil
}

func perform(next command, probe peerproto.ProbeServiceClient, autoMTLS bool) (result, error) {
	if next.Kind == "start" {
		return start(autoMTLS)
	}
	batches := map[string]func(peerproto.ProbeServiceClient, time.Time) (int, error){
		"sequential":    sequential,
		"concurrent":    concurrent,
		"server-stream": serverStream,
		"client-stream": clientStream,
		"bidi":          bidi,
	}
	begin := time.Now()
	count, err := batches[next.Kind](probe, begin.Add(time.Duration(next.DurationMs*1e6)))
	return result{Count: count, ElapsedMs: since(begin)}, err
}

func start(autoMTLS bool) (result, error) {
	begin := time.Now()
	client, probe, err := launch(autoMTLS)
	if err != nil {
		return result{}, err
	}
	defer client.Kill()
	_, err = probe.Echo(context.Background(), &peerproto.EchoRequest{Text: text})
	return result{Count: 1, ElapsedMs: since(begin)}, err
}

func sequential(probe peerproto.ProbeServiceClient, until time.Time) (int, error) {
	for done := 1; ; done++ {
		if _, err := probe.Echo(context.Background(), &peerproto.EchoRequest{Text: text}); err != nil {
			return 0, err
		}
		if time.Now().After(until) {
			return done, nil
		}
	}
}

func concurrent(probe peerproto.ProbeServiceClient, until time.Time) (int, error) {
	var group sync.WaitGroup
	var mutex sync.Mutex
	var first error
	total := 0
	for worker := 0; worker < concurrency; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			done, err := sequential(probe, until)
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

func serverStream(probe peerproto.ProbeServiceClient, until time.Time) (int, error) {
	received := 0
	for {
		request := &peerproto.DownloadRequest{Count: downloadCount, Text: text}
		stream, err := probe.Download(context.Background(), request)
		if err != nil {
			return 0, err
		}
		for {
			if _, err = stream.Recv(); err != nil {
				break
			}
			received++
		}
		if err != io.EOF {
			return 0, err
		}
		if time.Now().After(until) {
			return received, nil
		}
	}
}

func clientStream(probe peerproto.ProbeServiceClient, until time.Time) (int, error) {
	stream, err := probe.Upload(context.Background())
	if err != nil {
		return 0, err
	}
	for sent := 1; ; sent++ {
		if err := stream.Send(&peerproto.UploadRequest{Text: text}); err != nil {
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
	return int(reply.Messages), nil
}

func bidi(probe peerproto.ProbeServiceClient, until time.Time) (int, error) {
	stream, err := probe.Chat(context.Background())
	if err != nil {
		return 0, err
	}
	sending := make(chan error, 1)
	go func() {
		for sent := 1; ; sent++ {
			if err := stream.Send(&peerproto.ChatRequest{Text: text}); err != nil {
				sending <- err
				return
			}
			if sent%clockEvery == 0 && time.Now().After(until) {
				sending <- stream.CloseSend()
				return
			}
		}
	}()
	acknowledged := 0
	for {
		if _, err := stream.Recv(); err == io.EOF {
			return acknowledged, <-sending
		} else if err != nil {
			return 0, err
		}
		acknowledged++
	}
}

func emit(line interface{}) {
	fail(json.NewEncoder(os.Stdout).Encode(line))
}

func fail(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func since(begin time.Time) float64 {
	return float64(time.Since(begin).Nanoseconds()) / 1e6
}
