// The declarations are all there is.
#include "cfuzzer.h"
