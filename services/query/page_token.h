#pragma once

// Page sizes and page tokens, as all services have them.

#include "platform/rpc/page_token.h"

namespace kefu::query {

using rpc::kDefaultPageSize;
using rpc::kMaxPageSize;
using rpc::PageSize;
using rpc::PageTokens;

}  // namespace kefu::query
