// Package clvid is the root of a program that learns from video without
// labels: videos in, a trained 3-D encoder and a table of what it is worth out.
// The command is in cmd/clvid; README.md shows it and ARCHITECTURE.md explains
// which package does what. This package holds no code, only the test that keeps
// imports between packages pointing in one direction.
package clvid
