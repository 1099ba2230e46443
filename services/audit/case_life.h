#pragma once

// Which events of a client are the life of one of its cases.

#include <set>
#include <string>

#include "kefu/events/v1/event.pb.h"

namespace kefu::audit {

// Operation: Learn from all the client's events first, in any order; then ask Takes in the order of the log.
// Concurrency: none. Memory: ids of what belongs to the case.
class CaseLife {
 public:
  explicit CaseLife(std::string case_id) : case_id_(std::move(case_id)) {}

  void Learn(const events::v1::Event& event);
  // Belongs to it: what names the case; contacts it came by; promises, call-backs and ratings of it, to their end; its passing
  // from hand to hand; holds on it; and what corrects or annuls any of these.
  bool Takes(const events::v1::Event& event);
  // Before Takes is asked from the beginning again.
  void Forget() { taken_.clear(); }

 private:
  bool Names(const events::v1::Event& event) const;

  const std::string case_id_;
  std::set<std::string> contacts_;
  std::set<std::string> promises_;
  std::set<std::string> call_backs_;
  std::set<std::string> holds_;
  // Ids of events that were taken.
  std::set<std::string> taken_;
};

}  // namespace kefu::audit
