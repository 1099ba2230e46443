#pragma once

// Which moment of the past a call asks about: metadata, so that every method can be asked without a field for it.

#include <optional>
#include <string_view>

namespace grpc {
class ServerContextBase;
}

namespace kefu::rpc {

// "moments/{id}" of an open moment, or of one client "recorded:", "occurred:" (RFC 3339) or "position:".
inline constexpr std::string_view kAsOfMetadata = "kefu-as-of";

// What the caller sent; nothing for the present. Valid as long as the call.
std::optional<std::string_view> AsOf(const grpc::ServerContextBase& context);

}  // namespace kefu::rpc
