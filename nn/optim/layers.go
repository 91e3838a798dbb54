package optim

import (
	"math"
	"regexp"
	"strings"
)

// blockName finds the block of a network that a state-dict name belongs to:
// "layer2.0" of ResNets of any dimension, "encoder_layer_3" below "layers"
// (torchvision's ViT), "layer.3" (BERT), "blocks.3" (timm, PyTorchVideo, SlowFast)
// with "res_blocks.1" inside it, "resblocks.3" (CLIP), "features.3" (S3D).
var blockName = regexp.MustCompile(`(?:^|\.)(?:(?:layer|res|s)[0-9]+\.(?:pathway[0-9]+_res)?[0-9]+|(?:blocks|layers|layer|resblocks|features)\.(?:[a-z_]+_)?[0-9]+(?:\.res_blocks\.[0-9]+)?)\.`)

// LayerScales returns what layer-wise learning rate decay (arXiv:2106.08254,
// appendix; 1 is off) multiplies the rate of each parameter by. Towers are told
// apart by the first part of a name: "encoder.…", "text.…". A tower with n
// blocks has n+2 layers: what comes before its first block (patch embedding,
// stem), each block in the order of the names, and what comes after (the last
// norm, a head). Layer l has decay^(n+1-l), so that the top keeps the full
// rate. Towers without blocks, such as projection heads, keep it whole.
func LayerScales(names []string, decay float64) []float64 {
	layers := make([]int, len(names))
	last := map[string]int{} // blocks seen, by tower
	number := map[string]int{}
	for i, name := range names {
		tower, block := placeOf(name)
		if block != "" && number[block] == 0 {
			last[tower]++
			number[block] = last[tower]
		}
		layers[i] = number[block]
	}
	scales := make([]float64, len(names))
	passed := map[string]int{}
	for i, name := range names {
		tower, block := placeOf(name)
		passed[tower] = max(passed[tower], layers[i])
		below := last[tower] + 1 - layers[i]
		if block == "" && passed[tower] == last[tower] {
			below = 0
		}
		scales[i] = math.Pow(decay, float64(below))
	}
	return scales
}

// placeOf splits a name into tower and block, "" outside of blocks.
func placeOf(name string) (tower, block string) {
	tower, _, _ = strings.Cut(name, ".")
	at := blockName.FindStringIndex(name)
	if at == nil {
		return tower, ""
	}
	return tower, name[:at[1]]
}
