package cpu

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
)

// goBuilder makes the kernel of an operation on elements T.
func goBuilder[T float](op device.OpDesc, threads int) (goKernel, error) {
	build, ok := goBuilders[T]()[op.Kind]
	if !ok {
		return goKernel{}, fmt.Errorf("no kernel for operation %q", op.Kind)
	}
	return build(op, threads)
}

func goBuilders[T float]() map[device.Kind]func(device.OpDesc, int) (goKernel, error) {
	return map[device.Kind]func(device.OpDesc, int) (goKernel, error){}
}
