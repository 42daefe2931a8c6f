// A plugin in Go that handles events and emits some, on go-plugin and the contract troupe.events.v1.
//
// A host that speaks that contract starts this program, with or without AutoMTLS, and sends it events by the best form
// that both have: Deliver (batches, acknowledged), StreamEvents (one event a message) or HandleEvent (one event a call).
// What the plugin subscribes to is said in its manifest or by its host, not here.
//
//	events-plugin [flags]
//	  -forms=deliver,stream,unary  what it serves; the other methods answer UNIMPLEMENTED, as an older plugin's would
//	  -emit=TYPE                   for each event it emits one of that type, by calling the host back
//	  -answer=TYPE                 for each event it returns one of that type with the result
//	  -fail=TYPE                   its handler fails for events of that type
//	  -delay=DURATION              how long its handler takes, such as 5ms
//	  -emit-in-init=TYPE           it emits one event of that type within Init, caused by nothing
//
// Environment:
//
//	JOURNAL  a file; the id of each handled event is appended to it, one a line
//	EMITS    a file; what the host said to each emitted event is appended to it: "ID published" or "- CODE", one a line
//
// The parts: dispatcher.go runs the handler, once for each event id and one at a time; service.go has the three forms;
// host.go is the way back to the host.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	events "troupe/events/v1"
	lifecycle "troupe/plugin/v1"
)

// handshake is what hosts of troupe expect of their plugins unless they are told another cookie.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "TROUPE_PLUGIN",
	MagicCookieValue: "9f1c5d0e-troupe-plugin-v1",
}

// options are the flags.
type options struct {
	forms      map[string]bool
	emit       string
	answer     string
	fail       string
	emitInInit string
	delay      time.Duration
}

// eventsPlugin registers the services.
type eventsPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	options options
	journal *journal
	emits   *journal
	logger  hclog.Logger
}

// GRPCServer runs before the host knows where the plugin listens: to call the host from here would wait in vain.
func (p *eventsPlugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	host := &hostChannel{broker: broker, emits: p.emits, logger: p.logger}
	handler := &handler{options: p.options, journal: p.journal, host: host}
	events.RegisterEventServiceServer(server, newEventService(p.options, newDispatcher(handler.handle), host))
	lifecycle.RegisterPluginServiceServer(server, &pluginService{options: p.options, host: host})
	return nil
}

func (p *eventsPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, fmt.Errorf("this program only serves")
}

// handler is what the plugin is there for.
type handler struct {
	options options
	journal *journal
	host    *hostChannel
}

// handle returns what it emits by returning, or why it failed.
func (h *handler) handle(event *events.Event) ([]*events.EmittedEvent, error) {
	time.Sleep(h.options.delay)
	if h.options.fail != "" && event.Type == h.options.fail {
		return nil, fmt.Errorf("events of type %q are not for this plugin", event.Type)
	}
	if err := h.journal.append(event.Id); err != nil {
		return nil, err
	}
	if h.options.emit != "" {
		cause := &events.Cause{Kind: &events.Cause_EventId{EventId: event.Id}}
		h.host.emit(&events.EmittedEvent{Type: h.options.emit, Subject: event.Id}, cause)
	}
	if h.options.answer == "" {
		return nil, nil
	}
	return []*events.EmittedEvent{{Type: h.options.answer, Subject: event.Id}}, nil
}

// pluginService tells who the plugin is, and takes part in its life.
type pluginService struct {
	lifecycle.UnimplementedPluginServiceServer
	options options
	host    *hostChannel
}

func (s *pluginService) GetInfo(
	context.Context, *lifecycle.GetInfoRequest,
) (*lifecycle.GetInfoResponse, error) {
	services := []string{"troupe.events.v1.EventService"}
	return &lifecycle.GetInfoResponse{Name: "events-plugin", Version: "1.0.0", Services: services, Sdk: "go-plugin"}, nil
}

func (s *pluginService) Init(context.Context, *lifecycle.InitRequest) (*lifecycle.InitResponse, error) {
	if s.options.emitInInit != "" {
		cause := &events.Cause{Kind: &events.Cause_Root{Root: true}}
		s.host.emit(&events.EmittedEvent{Type: s.options.emitInInit}, cause)
	}
	return &lifecycle.InitResponse{}, nil
}

func (s *pluginService) Shutdown(
	context.Context, *lifecycle.ShutdownRequest,
) (*lifecycle.ShutdownResponse, error) {
	return &lifecycle.ShutdownResponse{}, nil
}

func main() {
	var options options
	forms := flag.String("forms", "deliver,stream,unary", "forms in which the plugin takes events")
	flag.StringVar(&options.emit, "emit", "", "type of the event that is emitted for each event")
	flag.StringVar(&options.answer, "answer", "", "type of the event that is returned for each event")
	flag.StringVar(&options.fail, "fail", "", "type of the events for which the handler fails")
	flag.StringVar(&options.emitInInit, "emit-in-init", "", "type of the event that is emitted within Init")
	flag.DurationVar(&options.delay, "delay", 0, "how long the handler takes")
	flag.Parse()
	options.forms = make(map[string]bool)
	for _, form := range strings.Split(*forms, ",") {
		options.forms[form] = true
	}

	// Made before Serve replaces os.Stderr, so that entries reach the original file descriptor 2.
	logger := hclog.New(&hclog.LoggerOptions{
		Name: "events", Level: hclog.Info, Output: os.Stderr, JSONFormat: true,
	})
	journal, emits := openJournal("JOURNAL"), openJournal("EMITS")
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins: plugin.PluginSet{
			"events": &eventsPlugin{options: options, journal: journal, emits: emits, logger: logger},
		},
		GRPCServer: plugin.DefaultGRPCServer,
		Logger:     logger,
	})
}
