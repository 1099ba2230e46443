#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kefu/events/v1/event.pb.h"

namespace kefu::journal {

// One entry of the journal. On disk; frozen (golden bytes in journal_test.cc):
//   one byte n     0 where the event was applied, and corrects none
//   n bytes        the Verdict, where it was not, or has the place of the event it corrects
//   the rest       the record's bytes as they are on the log
struct Entry {
  // Empty: applied.
  std::string_view verdict;
  bool applied() const {
    return verdict.empty() || Verdict().outcome() == events::v1::VERDICT_OUTCOME_APPLIED;
  }
  // A serialised Event. Borrowed, as `verdict` is.
  std::string_view event;

  // What admission decided; the revision of an applied event is not kept.
  events::v1::Verdict Verdict() const;
};

// `verdict` may be null: applied.
std::string EncodeEntry(const events::v1::Verdict* verdict, std::string_view event);

// Empty if the bytes are no entry.
std::optional<Entry> DecodeEntry(std::string_view bytes);

}  // namespace kefu::journal
