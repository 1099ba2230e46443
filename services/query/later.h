#pragma once

#include "platform/rpc/later.h"

namespace kefu::query {

using rpc::PeriodicTimer;
using rpc::RunSoon;

}  // namespace kefu::query
