// Package eval measures what a representation is worth: nearest neighbours,
// linear probe, fine-tuning and retrieval, each with its report.
//
// Metrics are fractions in [0, 1] everywhere but in printed tables, which
// show percent. Classes are numbers in [0, C).
package eval
