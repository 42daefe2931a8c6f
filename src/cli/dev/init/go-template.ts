import type { Template } from './template.ts';

/** A plugin in Go, on HashiCorp's go-plugin. It brings the few messages of its contract itself: no generator is needed. */
export const GO_TEMPLATE: Template = {
  language: 'Go',
  first: 'go mod tidy',
  files: ({ name }) => ({
    'plugin.yaml': `apiVersion: troupe.plugin/v1
name: ${name}
version: 0.1.0
description: Says hello.
kinds: [operations]
run:
  # Built by "troupe plugin dev" and "troupe plugin test": go build -o build/${name} .
  command: build/${name}
`,
    'go.mod': `module ${moduleName(name)}

go 1.19

require (
	github.com/hashicorp/go-plugin v1.6.3
	google.golang.org/grpc v1.67.1
)
`,
    'main.go': MAIN_GO,
    'contract.go': CONTRACT_GO,
    '.gitignore': 'build/\n',
    'README.md': readme(name),
  }),
};

/** Module paths know fewer characters than names of plugins. */
function moduleName(name: string): string {
  return `example.com/${name.replace(/[^A-Za-z0-9-]/g, '-').toLowerCase()}`;
}

const MAIN_GO = `package main

import (
	"context"
	"encoding/json"
	"fmt"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// handshake is what hosts of troupe expect of their plugins unless the manifest names another cookie.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "TROUPE_PLUGIN",
	MagicCookieValue: "9f1c5d0e-troupe-plugin-v1",
}

// operations are what the plugin offers, by name. Input and output are JSON.
var operations = map[string]func(input json.RawMessage) (interface{}, error){
	"greet": greet,
}

func greet(input json.RawMessage) (interface{}, error) {
	var who struct {
		Name string \`json:"name"\`
	}
	if len(input) > 0 {
		if err := json.Unmarshal(input, &who); err != nil {
			return nil, err
		}
	}
	if who.Name == "" {
		who.Name = "world"
	}
	return map[string]string{"text": fmt.Sprintf("hello, %s", who.Name)}, nil
}

// operationsPlugin registers the service.
type operationsPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (operationsPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	server.RegisterService(&operationService, &service{})
	return nil
}

func (operationsPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, fmt.Errorf("this program only serves")
}

// Nothing may be printed before Serve: the first line on standard output is for the host.
func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{"operations": operationsPlugin{}},
		GRPCServer:      plugin.DefaultGRPCServer,
	})
}
`;

const CONTRACT_GO = `package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"

	"google.golang.org/grpc"
)

// The contract troupe.operations.v1 in a form that needs no generator. A project with protoc generates this file instead.

type listOperationsRequest struct{}

type listOperationsResponse struct {
	Operations []*operationInfo \`protobuf:"bytes,1,rep,name=operations,proto3"\`
}

type operationInfo struct {
	Name        string \`protobuf:"bytes,1,opt,name=name,proto3"\`
	Description string \`protobuf:"bytes,2,opt,name=description,proto3"\`
}

type executeRequest struct {
	Operation string \`protobuf:"bytes,1,opt,name=operation,proto3"\`
	InputJson string \`protobuf:"bytes,2,opt,name=input_json,json=inputJson,proto3"\`
}

type executeResponse struct {
	OutputJson string          \`protobuf:"bytes,1,opt,name=output_json,json=outputJson,proto3"\`
	Error      *operationError \`protobuf:"bytes,2,opt,name=error,proto3"\`
}

type operationError struct {
	Code    string \`protobuf:"bytes,1,opt,name=code,proto3"\`
	Message string \`protobuf:"bytes,2,opt,name=message,proto3"\`
}

func (m *listOperationsRequest) Reset()         { *m = listOperationsRequest{} }
func (m *listOperationsRequest) String() string { return fmt.Sprintf("%+v", *m) }
func (*listOperationsRequest) ProtoMessage()    {}

func (m *listOperationsResponse) Reset()         { *m = listOperationsResponse{} }
func (m *listOperationsResponse) String() string { return fmt.Sprintf("%+v", *m) }
func (*listOperationsResponse) ProtoMessage()    {}

func (m *operationInfo) Reset()         { *m = operationInfo{} }
func (m *operationInfo) String() string { return fmt.Sprintf("%+v", *m) }
func (*operationInfo) ProtoMessage()    {}

func (m *executeRequest) Reset()         { *m = executeRequest{} }
func (m *executeRequest) String() string { return fmt.Sprintf("%+v", *m) }
func (*executeRequest) ProtoMessage()    {}

func (m *executeResponse) Reset()         { *m = executeResponse{} }
func (m *executeResponse) String() string { return fmt.Sprintf("%+v", *m) }
func (*executeResponse) ProtoMessage()    {}

func (m *operationError) Reset()         { *m = operationError{} }
func (m *operationError) String() string { return fmt.Sprintf("%+v", *m) }
func (*operationError) ProtoMessage()    {}

type operationServer interface {
	listOperations(context.Context, *listOperationsRequest) (*listOperationsResponse, error)
	execute(context.Context, *executeRequest) (*executeResponse, error)
}

// service answers the calls of the contract.
type service struct{}

func (*service) listOperations(context.Context, *listOperationsRequest) (*listOperationsResponse, error) {
	answer := &listOperationsResponse{}
	for name := range operations {
		answer.Operations = append(answer.Operations, &operationInfo{Name: name})
	}
	sort.Slice(answer.Operations, func(a, b int) bool { return answer.Operations[a].Name < answer.Operations[b].Name })
	return answer, nil
}

func (*service) execute(_ context.Context, request *executeRequest) (*executeResponse, error) {
	operation, found := operations[request.Operation]
	if !found {
		return failure("NOT_FOUND", fmt.Sprintf("there is no operation %q", request.Operation)), nil
	}
	output, err := operation(json.RawMessage(request.InputJson))
	if err != nil {
		return failure("OPERATION_FAILED", err.Error()), nil
	}
	text, err := json.Marshal(output)
	if err != nil {
		return failure("OPERATION_FAILED", err.Error()), nil
	}
	return &executeResponse{OutputJson: string(text)}, nil
}

func failure(code string, message string) *executeResponse {
	return &executeResponse{Error: &operationError{Code: code, Message: message}}
}

var operationService = grpc.ServiceDesc{
	ServiceName: "troupe.operations.v1.OperationService",
	HandlerType: (*operationServer)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "ListOperations", Handler: handleListOperations},
		{MethodName: "Execute", Handler: handleExecute},
	},
}

func handleListOperations(
	server interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor,
) (interface{}, error) {
	request := &listOperationsRequest{}
	if err := decode(request); err != nil {
		return nil, err
	}
	return server.(operationServer).listOperations(ctx, request)
}

func handleExecute(
	server interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor,
) (interface{}, error) {
	request := &executeRequest{}
	if err := decode(request); err != nil {
		return nil, err
	}
	return server.(operationServer).execute(ctx, request)
}
`;

function readme(name: string): string {
  return `# ${name}

A plugin for troupe, in Go.

\`\`\`sh
go mod tidy                                   # once: fetches what it imports
troupe plugin test .                          # builds it: does it do what a host relies on?
troupe run --data ../data --ops 0 --dev       # a host for development, in another terminal
troupe plugin dev . --data ../data            # builds and runs it there, again at each change
troupe plugin install . --data ../data        # installs it for good
\`\`\`
`;
}
