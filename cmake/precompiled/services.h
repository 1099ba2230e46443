// For services and the tool.
#include <grpcpp/grpcpp.h>

#include "cmake/precompiled/events.h"
