package cpu

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
)

// gathering is Gather and ScatterAdd as copies of runs between rows of a long
// tensor (outer, rows, size) and places of a short one (outer, places, size).
type gathering struct {
	outer, rows, places, size int
	each                      bool // ids are (outer, places), else (places)
	constant                  []int32
}

func gatheringOf(long, short []int, a device.GatherAttrs) gathering {
	outer, size, _ := around(long, a.Axis)
	g := gathering{outer: outer, rows: long[a.Axis], size: size, each: a.Each, constant: a.Indices}
	g.places = int(device.Type{Shape: short}.Elements()) / max(1, outer*size)
	return g
}

// ids are the indices, all checked.
func (g *gathering) ids(a *device.Args) ([]int32, error) {
	if g.constant != nil {
		return g.constant, nil
	}
	ids := slice[int32](a.In[1])
	for i, id := range ids {
		if id < 0 || int(id) >= g.rows {
			return nil, fmt.Errorf("id %d at position %d, want in [0,%d): check the indices, or the vocabulary of tokens", id, i, g.rows)
		}
	}
	return ids, nil
}

// of are the ids of one outer position.
func (g *gathering) of(ids []int32, outer int) []int32 {
	if g.each {
		return ids[outer*g.places : (outer+1)*g.places]
	}
	return ids
}

// goGather copies rows of the long tensor.
func goGather[T float](op device.OpDesc, _ int) (goKernel, error) {
	g := gatheringOf(op.In[0].Shape, op.Out.Shape, op.Attrs.(device.GatherAttrs))
	return goKernel{run: func(a *device.Args) error {
		ids, err := g.ids(a)
		if err != nil {
			return err
		}
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		for o := range g.outer {
			for i, id := range g.of(ids, o) {
				at := (o*g.places + i) * g.size
				copy(out[at:at+g.size], x[(o*g.rows+int(id))*g.size:])
			}
		}
		return nil
	}}, nil
}

// scatterParts is how many tasks share the rows of one outer position.
const scatterParts = 8

// goScatterAdd adds the places of each row in their order, whatever the
// threads: a task has rows of its own.
func goScatterAdd[T float](op device.OpDesc, threads int) (goKernel, error) {
	g := gatheringOf(op.Out.Shape, op.In[0].Shape, op.Attrs.(device.GatherAttrs))
	part := (g.rows + scatterParts - 1) / scatterParts
	return goKernel{run: func(a *device.Args) error {
		ids, err := g.ids(a)
		if err != nil {
			return err
		}
		y, out := slice[T](a.In[0]), slice[T](a.Out)
		parallel(threads, g.outer*scatterParts, func(_, task int) {
			o, from := task/scatterParts, task%scatterParts*part
			scatterAdd(&g, out, y, g.of(ids, o), o, min(from, g.rows), min(from+part, g.rows))
		})
		return nil
	}}, nil
}

func scatterAdd[T float](g *gathering, out, y []T, ids []int32, o, from, to int) {
	clear(out[(o*g.rows+from)*g.size : (o*g.rows+to)*g.size])
	for i, id := range ids {
		if row := int(id); row >= from && row < to {
			at, place := (o*g.rows+row)*g.size, (o*g.places+i)*g.size
			addSlices(out[at:at+g.size], out[at:at+g.size], y[place:])
		}
	}
}

// goSegmentWeights: ids (M) -> 1 over how often each occurs.
func goSegmentWeights[T float](device.OpDesc, int) (goKernel, error) {
	return goKernel{run: func(a *device.Args) error {
		ids, out := slice[int32](a.In[0]), slice[T](a.Out)
		sizes := map[int32]int{}
		for _, id := range ids {
			sizes[id]++
		}
		for i, id := range ids {
			out[i] = 1 / T(sizes[id])
		}
		return nil
	}}, nil
}
