package main

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// capture is a buffer that the library's goroutines write and the steps read.
type capture struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (c *capture) Write(data []byte) (int, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.buffer.Write(data)
}

func (c *capture) bytes() []byte {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return append([]byte(nil), c.buffer.Bytes()...)
}

// entries parses what newLogger wrote.
func (c *capture) entries() []map[string]interface{} {
	entries := []map[string]interface{}{}
	for _, line := range bytes.Split(c.bytes(), []byte("\n")) {
		var entry map[string]interface{}
		if json.Unmarshal(line, &entry) == nil {
			entries = append(entries, entry)
		}
	}
	return entries
}

// newLogger logs everything, as JSON lines, the library's own entries and those that it read from the plugin alike.
func newLogger(output *capture) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Name: "host", Level: hclog.Trace, Output: output, JSONFormat: true})
}
