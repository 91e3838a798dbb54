#define INNER inner_base
#define INNER_NAME "baseline"
#include "inner_body.h"
