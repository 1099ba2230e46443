#pragma once

#include "platform/rpc/refused_stream.h"

namespace kefu::query {

using rpc::RefusedStream;

}  // namespace kefu::query
