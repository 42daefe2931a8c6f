// The Go plugin of the integration tests, built against the go-plugin library itself.
//
// Environment:
//
//	TROUPE_TEST_VERSIONS  application protocol versions it offers, such as "1,2" (default "1")
//	TROUPE_TEST_COOKIE    value it expects of the magic cookie TROUPE_TEST_PLUGIN (default "d1b7a7d2-test")
//
// Everything else (AutoMTLS, sockets, negotiation, shutdown) is the library's doing. Its servers keep grpc-go's own
// limit of 4 MiB for a received message.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"troupe/peers/contract"
	peerproto "troupe/testing/v1"
)

// peer registers all services of one application protocol version.
type peer struct {
	plugin.NetRPCUnsupportedPlugin
	version uint32
	logger  hclog.Logger
	offers  *offers
}

func (p *peer) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	peerproto.RegisterKvServiceServer(server, newKvService())
	peerproto.RegisterCounterServiceServer(server, &counterService{broker: broker})
	peerproto.RegisterProbeServiceServer(server, &probeService{peer: p, broker: broker})
	return nil
}

func (p *peer) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, fmt.Errorf("this program only serves")
}

func main() {
	// Made before Serve replaces os.Stderr, so that entries reach the original file descriptor 2.
	logger := hclog.New(&hclog.LoggerOptions{
		Name:       contract.Name,
		Level:      hclog.Trace,
		Output:     os.Stderr,
		JSONFormat: true,
	})
	offers := &offers{}
	sets, err := contract.VersionedSets(setting("TROUPE_TEST_VERSIONS", "1"), func(version int) plugin.Plugin {
		return &peer{version: uint32(version), logger: logger, offers: offers}
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "TROUPE_TEST_VERSIONS: %s\n", err)
		os.Exit(2)
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  contract.Handshake(setting("TROUPE_TEST_COOKIE", contract.DefaultCookie)),
		VersionedPlugins: sets,
		GRPCServer:       plugin.DefaultGRPCServer,
		Logger:           logger,
	})
	// Serve leaves brokered servers open, and their socket files would outlive the process.
	offers.stop()
}

func setting(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
