#pragma once

#include <string>
#include <utility>

namespace kefu::sdk {

// What a fold says of an event. Storage faults are the engine's affair, life-cycle refusals admission's.
class [[nodiscard]] Outcome {
 public:
  enum class Kind { kApplied, kIgnored, kParked };

  Kind kind() const { return kind_; }
  const std::string& reason() const { return reason_; }

  friend Outcome Applied();
  friend Outcome Ignored();
  friend Outcome Parked(std::string reason);

 private:
  explicit Outcome(Kind kind, std::string reason = {}) : kind_(kind), reason_(std::move(reason)) {}
  Kind kind_;
  std::string reason_;
};

// The rows now hold the event.
inline Outcome Applied() { return Outcome(Outcome::Kind::kApplied); }
// The view has no interest in it.
inline Outcome Ignored() { return Outcome(Outcome::Kind::kIgnored); }
// The view cannot take it. It and all later events of its client wait, in order, until a fix; whatever the fold
// changed for it is undone.
inline Outcome Parked(std::string reason) { return Outcome(Outcome::Kind::kParked, std::move(reason)); }

}  // namespace kefu::sdk
