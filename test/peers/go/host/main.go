// The Go host of the integration tests, built against the go-plugin library itself. Starts one plugin, walks through a
// script of steps and prints one JSON line for each, then kills the plugin and prints a last line.
//
//	host [flags] -- command [argument...]
//
// Exit codes: 0 the script ran to its end (steps may have failed), 2 wrong usage, 3 Kill never returned, 130 interrupted. The plugin inherits the whole environment of the host: the library offers no other way.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"troupe/peers/contract"
)

// goPluginVersion is set by the linker.
var goPluginVersion = "unknown"

// stepLine is the outcome of one step.
type stepLine struct {
	Step  string      `json:"step"`
	OK    bool        `json:"ok"`
	Error string      `json:"error,omitempty"`
	Code  string      `json:"code,omitempty"`
	Value interface{} `json:"value,omitempty"`
	Ms    float64     `json:"ms"`
}

// doneLine tells how the plugin's process ended.
type doneLine struct {
	Done   bool    `json:"done"`
	Exited bool    `json:"exited"`
	KillMs float64 `json:"killMs"`
	// Forced says that the library ended the process with SIGKILL.
	Forced bool `json:"forced"`
	// Hung says that the library's Kill did not return, and that this host had to help.
	Hung     bool    `json:"hung"`
	ExitCode *int    `json:"exitCode"`
	Signal   *string `json:"signal"`
}

// session is one plugin and all that the steps need of it.
type session struct {
	client  *plugin.Client
	command *exec.Cmd
	timeout time.Duration
	// killLimit is how long the library's Kill may take. By itself it waits without end for the answer of a frozen
	// plugin, and for a pipe that a grandchild holds open.
	killLimit time.Duration
	logs      *capture
	stderr    *capture
	synced    map[string]*capture
	broker    *plugin.GRPCBroker
	conn      *grpc.ClientConn
	killing   sync.Once
	killMs    float64
	hung      bool
}

// hostPlugin hands the library's connection and broker to the steps.
type hostPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	session *session
}

func (p *hostPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return fmt.Errorf("this program only calls")
}

func (p *hostPlugin) GRPCClient(
	_ context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn,
) (interface{}, error) {
	p.session.broker, p.session.conn = broker, conn
	return p.session, nil
}

func main() {
	autoMTLS := flag.Bool("automtls", false, "secure the connection with certificates made for this launch")
	versions := flag.String("versions", "1", "application protocol versions that the host speaks")
	cookie := flag.String("cookie", contract.DefaultCookie, "value of the magic cookie "+contract.CookieKey)
	script := flag.String("do", "", "steps separated by commas; a step takes arguments after colons")
	timeout := flag.Duration("timeout", 10*time.Second, "time limit of each step")
	startTimeout := flag.Duration("start-timeout", 10*time.Second, "time limit of the plugin's handshake")
	killLimit := flag.Duration("kill-limit", 5*time.Second, "time limit of the library's Kill")
	flag.Parse()
	if flag.NArg() == 0 {
		usage("no plugin command after --")
	}

	s := &session{
		command:   exec.Command(flag.Arg(0), flag.Args()[1:]...),
		timeout:   *timeout,
		killLimit: *killLimit,
		logs:      &capture{},
		stderr:    &capture{},
		synced:    map[string]*capture{"stdout": {}, "stderr": {}},
	}
	sets, err := contract.VersionedSets(*versions, func(int) plugin.Plugin { return &hostPlugin{session: s} })
	if err != nil {
		usage(err.Error())
	}
	s.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  contract.Handshake(*cookie),
		VersionedPlugins: sets,
		Cmd:              s.command,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         *autoMTLS,
		StartTimeout:     *startTimeout,
		Logger:           newLogger(s.logs),
		Stderr:           s.stderr,
		SyncStdout:       s.synced["stdout"],
		SyncStderr:       s.synced["stderr"],
	})
	s.killWhenInterrupted()
	s.run(*script)
	s.kill()
	emit(s.done())
}

// run walks through the script. After a failed start there is nothing that the other steps could talk to, except for
// those that read what was captured.
func (s *session) run(script string) {
	started := s.perform("start", start, nil)
	for _, item := range strings.Split(script, ",") {
		words := strings.Split(item, ":")
		if item == "" || words[0] == "start" {
			continue
		}
		step, known := steps[words[0]]
		switch {
		case !known:
			emit(stepLine{Step: item, Error: "unknown step"})
		case !started && !step.offline:
			emit(stepLine{Step: item, Error: "the plugin did not start"})
		default:
			s.perform(item, step.do, words[1:])
		}
	}
}

// perform runs one step within the time limit and prints its line.
func (s *session) perform(name string, do stepFunc, arguments []string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	begin := time.Now()
	value, err := guarded(func() (interface{}, error) { return do(ctx, s, arguments) })
	line := stepLine{Step: name, OK: err == nil, Value: value, Ms: since(begin)}
	if err != nil {
		line.Error = err.Error()
		if state, ok := status.FromError(err); ok {
			line.Code, line.Error = state.Code().String(), state.Message()
		}
	}
	emit(line)
	return line.OK
}

// guarded makes a panic the error of a step, so that the plugin is killed all the same.
func guarded(work func() (interface{}, error)) (value interface{}, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	return work()
}

// kill ends the plugin once; further calls do nothing.
func (s *session) kill() {
	s.killing.Do(func() {
		begin := time.Now()
		finished := make(chan struct{})
		go func() {
			s.client.Kill()
			close(finished)
		}()
		if s.hung = !within(finished, s.killLimit); s.hung && s.command.Process != nil {
			s.command.Process.Kill()
		}
		s.killMs = since(begin)
		if s.hung && !within(finished, s.killLimit) {
			emit(s.done())
			os.Exit(3)
		}
	})
}

func within(finished <-chan struct{}, limit time.Duration) bool {
	select {
	case <-finished:
		return true
	case <-time.After(limit):
		return false
	}
}

func (s *session) done() doneLine {
	// The library tells of a forced end only in its log.
	forced := bytes.Contains(s.logs.bytes(), []byte("plugin failed to exit gracefully"))
	line := doneLine{Done: true, Exited: s.client.Exited(), KillMs: s.killMs, Forced: forced, Hung: s.hung}
	if line.Exited {
		line.ExitCode, line.Signal = s.ending()
	}
	return line
}

// ending may be asked only after the library has waited for the process.
func (s *session) ending() (code *int, name *string) {
	state, ok := s.command.ProcessState.Sys().(syscall.WaitStatus)
	if ok && state.Signaled() {
		text := state.Signal().String()
		return nil, &text
	}
	value := s.command.ProcessState.ExitCode()
	return &value, nil
}

func (s *session) killWhenInterrupted() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		s.kill()
		os.Exit(130)
	}()
}

func usage(problem string) {
	fmt.Fprintln(os.Stderr, problem)
	flag.Usage()
	os.Exit(2)
}

func emit(line interface{}) {
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func since(begin time.Time) float64 {
	return float64(time.Since(begin).Microseconds()) / 1000
}
