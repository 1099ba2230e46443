// For folds, and whatever else handles events.
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
