package media

import "math"

// sharpen stretches values about their weighted mean over 3 x 3 pixels, the
// middle of weight 5; pixels of the edge stay (torchvision's adjust_sharpness).
// A factor under 1 smooths.
func (p Pixels) sharpen(factor float64) {
	if p.W <= 2 || p.H <= 2 {
		return
	}
	f := float32(factor)
	src := make([]float32, p.H*p.W)
	for c := range 3 {
		for t := range p.T {
			plane := p.Plane(c, t)
			copy(src, plane)
			for y := 1; y < p.H-1; y++ {
				above, row, under := src[(y-1)*p.W:], src[y*p.W:], src[(y+1)*p.W:]
				for x := 1; x < p.W-1; x++ {
					sum := above[x-1] + above[x] + above[x+1] + row[x-1] + 5*row[x] + row[x+1] + under[x-1] + under[x] + under[x+1]
					plane[y*p.W+x] = clampUnit(f*row[x] + (1-f)*sum/13)
				}
			}
		}
	}
}

// level is a value as 8 bits.
func level(x float32) int { return int(clampUnit(x)*255 + .5) }

// posterise keeps the highest bits of 8.
func (p Pixels) posterise(bits int) {
	mask := 255 &^ (1<<(8-bits) - 1)
	for i, x := range p.Data {
		p.Data[i] = float32(level(x)&mask) / 255
	}
}

// autoContrast stretches each channel over all steps to [0,1]; one that is flat
// stays.
func (p Pixels) autoContrast() {
	n := p.T * p.H * p.W
	for c := range 3 {
		x := p.Data[c*n:][:n]
		low, high := float32(math.Inf(1)), float32(math.Inf(-1))
		for _, v := range x {
			low, high = min(low, v), max(high, v)
		}
		if high == low {
			continue
		}
		scale := 1 / (high - low)
		for i, v := range x {
			x[i] = clampUnit((v - low) * scale)
		}
	}
}

// equalise spreads the 8-bit levels of each channel over all steps evenly, by
// the table of Pillow and torchvision.
func (p Pixels) equalise() {
	n := p.T * p.H * p.W
	for c := range 3 {
		x := p.Data[c*n:][:n]
		var counts [256]int
		for _, v := range x {
			counts[level(v)]++
		}
		table, ok := equaliser(counts, n)
		if !ok {
			continue
		}
		for i, v := range x {
			x[i] = table[level(v)]
		}
	}
}

// equaliser is the new value of each level, or false where few levels hold all.
func equaliser(counts [256]int, n int) (table [256]float32, ok bool) {
	last := 255
	for counts[last] == 0 {
		last--
	}
	step := (n - counts[last]) / 255
	if step == 0 {
		return table, false
	}
	sum := step / 2
	for v, count := range counts {
		table[v] = float32(min(sum/step, 255)) / 255
		sum += count
	}
	return table, true
}
