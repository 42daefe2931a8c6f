package main

import (
	"fmt"
	"os"
)

// journal is a file that grows by whole lines. What is appended outlives the process, however it ends.
type journal struct {
	file *os.File
}

// openJournal opens the file that an environment variable names; without one, what is appended is dropped.
func openJournal(variable string) *journal {
	path := os.Getenv(variable)
	if path == "" {
		return &journal{}
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", variable, err)
		os.Exit(2)
	}
	return &journal{file: file}
}

// append writes the line in one call, so that lines of several writers do not mix.
func (j *journal) append(line string) error {
	if j.file == nil {
		return nil
	}
	_, err := j.file.WriteString(line + "\n")
	return err
}
