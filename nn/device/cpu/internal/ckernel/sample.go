package ckernel

/*
#include "ckernel.h"
*/
import "C"

// Pick copies the places of x that p's strides meet to y.
func (t Team) Pick(p Pool, x, y uintptr) {
	team, pool := t.c(), p.c()
	C.ck_pick(&team, &pool, pointer(x), pointer(y))
}

// Put copies y to those places of x, and zeros to the others.
func (t Team) Put(p Pool, y, x uintptr) {
	team, pool := t.c(), p.c()
	C.ck_put(&team, &pool, pointer(y), pointer(x))
}
