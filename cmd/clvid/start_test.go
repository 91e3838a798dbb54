package main

import "testing"

// BenchmarkHelp starts the program and prints its help: what everybody waits for
// who makes a mistake. Most of it is the loading of FFmpeg's libraries.
func BenchmarkHelp(b *testing.B) {
	for b.Loop() {
		program(b, "--help").mustFinish(b)
	}
}
