//go:build tools

// Temporary: keeps every planned dependency in go.mod while packages are being written.
package clvid

import (
	_ "github.com/asticode/go-astiav"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/jedib0t/go-pretty/v6/table"
	_ "github.com/go-viper/mapstructure/v2"
	_ "github.com/spf13/cobra"
	_ "github.com/spf13/viper"
	_ "github.com/sugarme/tokenizer"
	_ "github.com/sugarme/tokenizer/model/wordlevel"
	_ "github.com/sugarme/tokenizer/normalizer"
	_ "github.com/sugarme/tokenizer/pretokenizer"
	_ "github.com/vbauerster/mpb/v8"
	_ "go4.org/unsafe/assume-no-moving-gc"
	_ "golang.org/x/image/font/basicfont"
	_ "golang.org/x/image/font/opentype"
	_ "golang.org/x/image/font/gofont/goregular"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
	_ "gonum.org/v1/gonum/mat"
	_ "gonum.org/v1/gonum/optimize"
	_ "gonum.org/v1/gonum/blas/gonum"
	_ "gopkg.in/yaml.v3"
	_ "gorgonia.org/gorgonia"
	_ "gorgonia.org/tensor"
)
