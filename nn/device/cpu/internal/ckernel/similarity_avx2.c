#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define LOOPS similarity_avx2
#include "similarity_body.h"
#endif
