package kernel

// resizeGo is Resize. The conversions to float32 forbid to fuse products with
// sums, which some processors would do.
func resizeGo(dst []float32, src []byte, stride int, x, y *Axis, line []float32) {
	w := len(x.First)
	for row := range y.First {
		first := (y.From+int(y.First[row]))*stride + x.From
		blendRows(line, src[first:], stride, y.Weights[row*y.Taps:][:y.Taps])
		weigh(dst[row*w:][:w], line, x)
	}
}

// blendRows is the weighted sum of rows, those of weights, each len(line) wide.
func blendRows(line []float32, src []byte, stride int, weights []float32) {
	clear(line)
	for len(weights) >= 4 {
		a, b, c, d := src[:len(line)], src[stride:][:len(line)], src[2*stride:][:len(line)], src[3*stride:][:len(line)]
		w0, w1, w2, w3 := weights[0], weights[1], weights[2], weights[3]
		for i, v := range line {
			v += float32(w0 * float32(a[i]))
			v += float32(w1 * float32(b[i]))
			v += float32(w2 * float32(c[i]))
			line[i] = v + float32(w3*float32(d[i]))
		}
		if weights = weights[4:]; len(weights) > 0 {
			src = src[4*stride:]
		}
	}
	for k, w := range weights {
		for i, v := range src[k*stride:][:len(line)] {
			line[i] += float32(w * float32(v))
		}
	}
}

// weigh applies an axis along a row.
func weigh(dst, line []float32, x *Axis) {
	n := x.Taps
	for i, f := range x.First {
		w := x.Weights[i*n:][:n]
		var sum float32
		for k, v := range line[f:][:n] {
			sum += float32(w[k] * v)
		}
		dst[i] = sum
	}
}

// convertGo is Convert.
func convertGo(r, g, b, y, u, v []float32, c *Colour) {
	m, scale, offset := &c.M, &c.Scale, &c.Offset
	g, b, y, u, v = g[:len(r)], b[:len(r)], y[:len(r)], u[:len(r)], v[:len(r)]
	for i := range r {
		y, u, v := y[i], u[i], v[i]
		r[i] = float32(clamp(mix(&m[0], y, u, v))*scale[0]) + offset[0]
		g[i] = float32(clamp(mix(&m[1], y, u, v))*scale[1]) + offset[1]
		b[i] = float32(clamp(mix(&m[2], y, u, v))*scale[2]) + offset[2]
	}
}

func mix(m *[4]float32, y, u, v float32) float32 {
	return (float32(m[0]*y) + float32(m[1]*u)) + (float32(m[2]*v) + m[3])
}

// clamp compares in place: the built-in min and max mind NaN, at a cost.
func clamp(v float32) float32 {
	if v < 0 {
		return 0
	}
	if v > 1 {
		return 1
	}
	return v
}
