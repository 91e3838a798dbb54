#define BF16
#define INNER inner_base_bf16
#define INNER_NAME "baseline"
#include "inner_body.h"
