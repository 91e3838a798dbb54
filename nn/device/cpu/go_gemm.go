package cpu

// columnBlock is the width of matrix blocks: a row of it stays in the first
// cache while the other operand streams.
const columnBlock = 256

// gemmRows adds a·b to c (m,n) where the rows of b (k,n) are contiguous.
// Element (i,l) of a is a[i·aRow+l·aCol]; ldb and ldc are the distances of
// rows. The order of additions is fixed.
func gemmRows[T float](c []T, ldc int, a []T, aRow, aCol int, b []T, ldb, m, n, k int) {
	for from := 0; from < n; from += columnBlock {
		to := min(n, from+columnBlock)
		for i := range m {
			row := c[i*ldc+from : i*ldc+to]
			l := 0
			for ; l+4 <= k; l += 4 {
				at := i*aRow + l*aCol
				axpy4(row, a[at], a[at+aCol], a[at+2*aCol], a[at+3*aCol],
					b[l*ldb+from:l*ldb+to], b[(l+1)*ldb+from:(l+1)*ldb+to],
					b[(l+2)*ldb+from:(l+2)*ldb+to], b[(l+3)*ldb+from:(l+3)*ldb+to])
			}
			for ; l < k; l++ {
				axpy(row, a[i*aRow+l*aCol], b[l*ldb+from:l*ldb+to])
			}
		}
	}
}

// axpy4 adds four scaled rows to y.
func axpy4[T float](y []T, a0, a1, a2, a3 T, b0, b1, b2, b3 []T) {
	b0, b1, b2, b3 = b0[:len(y)], b1[:len(y)], b2[:len(y)], b3[:len(y)]
	for i := range y {
		y[i] += a0*b0[i] + a1*b1[i] + a2*b2[i] + a3*b3[i]
	}
}

func axpy[T float](y []T, a T, b []T) {
	b = b[:len(y)]
	for i := range y {
		y[i] += a * b[i]
	}
}

// gemmDots adds a·bᵀ to c (m,n) where the rows of a (m,k) and b (n,k) are
// contiguous.
func gemmDots[T float](c []T, ldc int, a []T, lda int, b []T, ldb, m, n, k int) {
	for i := range m {
		x, row := a[i*lda:i*lda+k], c[i*ldc:i*ldc+n]
		j := 0
		for ; j+4 <= n; j += 4 {
			s0, s1, s2, s3 := dot4(x, b[j*ldb:j*ldb+k], b[(j+1)*ldb:(j+1)*ldb+k],
				b[(j+2)*ldb:(j+2)*ldb+k], b[(j+3)*ldb:(j+3)*ldb+k])
			row[j] += s0
			row[j+1] += s1
			row[j+2] += s2
			row[j+3] += s3
		}
		for ; j < n; j++ {
			row[j] += dot(x, b[j*ldb:j*ldb+k])
		}
	}
}

func dot4[T float](x, b0, b1, b2, b3 []T) (s0, s1, s2, s3 T) {
	b0, b1, b2, b3 = b0[:len(x)], b1[:len(x)], b2[:len(x)], b3[:len(x)]
	for i, v := range x {
		s0 += v * b0[i]
		s1 += v * b1[i]
		s2 += v * b2[i]
		s3 += v * b3[i]
	}
	return s0, s1, s2, s3
}

// dot has four sums, as one would wait for each addition.
func dot[T float](x, y []T) T {
	var s0, s1, s2, s3 T
	for len(x) >= 4 && len(y) >= 4 {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return (s0 + s1) + (s2 + s3)
}
