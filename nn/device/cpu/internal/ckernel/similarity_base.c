#define LOOPS similarity_base
#include "similarity_body.h"
