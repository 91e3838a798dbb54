package synth

import "math"

// Shape is an outline of half-size 1 around the origin.
type Shape struct {
	Name string
	// distance is that of a point to the outline, negative inside.
	distance func(x, y float64) float64
}

// Shapes lists the outlines.
func Shapes() []Shape {
	return []Shape{
		{"square", func(x, y float64) float64 { return box(x, y, 1, 1) }},
		{"triangle", triangle},
		{"cross", func(x, y float64) float64 { return math.Min(box(x, y, 1, .32), box(x, y, .32, 1)) }},
		{"bar", func(x, y float64) float64 { return box(x, y, 1, .35) }},
	}
}

// reach is the largest distance of a point of any outline from its origin.
const reach = math.Sqrt2

// box is the distance to a rectangle of half-sides a and b.
func box(x, y, a, b float64) float64 {
	dx, dy := math.Abs(x)-a, math.Abs(y)-b
	return math.Hypot(math.Max(dx, 0), math.Max(dy, 0)) + math.Min(math.Max(dx, dy), 0)
}

// triangle is isosceles, tip up, so that it has one way up and the centre of
// its area in the origin. Outside, the distance is that to the nearest side's line.
func triangle(x, y float64) float64 {
	const tip, base, half = -1.25, .625, .9
	slope := math.Hypot(base-tip, half)
	side := (math.Abs(x)*(base-tip) - (y-tip)*half) / slope
	return math.Max(side, y-base)
}

// Colour is a named colour of a shape.
type Colour struct {
	Name    string
	R, G, B float64 // 0 to 255
}

// Colours lists those of the moving shapes.
func Colours() []Colour {
	return []Colour{
		{"red", 230, 50, 45},
		{"green", 50, 200, 70},
		{"blue", 60, 95, 240},
		{"yellow", 240, 215, 50},
		{"purple", 175, 70, 215},
		{"white", 245, 245, 245},
	}
}
