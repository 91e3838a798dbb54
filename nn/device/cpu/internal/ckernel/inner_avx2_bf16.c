#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define BF16
#define INNER inner_avx2_bf16
#define INNER_NAME "AVX2"
#include "inner_body.h"
#endif
