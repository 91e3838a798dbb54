#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512")
#define BF16
#define INNER inner_avx512_bf16
#define INNER_NAME "AVX-512"
#include "inner_body.h"
#endif
