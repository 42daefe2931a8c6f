package main

// spin never returns. It is assembly because the Go scheduler can interrupt any loop that is written in Go.
func spin()
