package main

import (
	"sync"

	"google.golang.org/grpc"
)

// offers are the brokered servers of this process.
type offers struct {
	mutex   sync.Mutex
	servers []*grpc.Server
}

func (o *offers) add(server *grpc.Server) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.servers = append(o.servers, server)
}

// stop closes each server, which also removes its socket file.
func (o *offers) stop() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for _, server := range o.servers {
		server.Stop()
	}
}
