#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512")
#define LOOPS similarity_avx512
#include "similarity_body.h"
#endif
