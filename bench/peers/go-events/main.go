// The Go pair of the benchmark `events`, built against the go-plugin library itself: both sides in one program.
//
//	bench-events host [-- command [argument...]]   starts the plugin (default: itself) and does timed works on command
//	bench-events plugin [-awf]                     counts the events that it gets, and answers what the form demands
//
// The host reads one line of JSON for each work and writes one line, as bench/rpc/driver.ts does; the end of the input is
// the order to leave. The plugin serves troupe.events.v1; with -awf it is a plugin of the awf protocol, which knows one
// event a message and no answers. Its ProbeService.Echo tells how many events it has had.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
)

func handshake(awf bool) plugin.HandshakeConfig {
	if awf {
		return plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "AWF_PLUGIN", MagicCookieValue: "awf-plugin-v1"}
	}
	return plugin.HandshakeConfig{
		ProtocolVersion: 1, MagicCookieKey: "TROUPE_PLUGIN", MagicCookieValue: "9f1c5d0e-troupe-plugin-v1",
	}
}

func main() {
	role := ""
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	switch role {
	case "host":
		runHost(os.Args[2:])
	case "plugin":
		awf := len(os.Args) > 2 && os.Args[2] == "-awf"
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: handshake(awf),
			Plugins:         plugin.PluginSet{pluginName: &countingPlugin{awf: awf}},
			GRPCServer:      plugin.DefaultGRPCServer,
			Logger:          hclog.NewNullLogger(),
		})
	default:
		fail(fmt.Errorf("usage: bench-events host|plugin"))
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
