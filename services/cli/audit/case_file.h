#pragma once

// The papers of a bundle: the whole life of a case, or of a client, or what a range of the log holds.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kefu/audit/v1/audit.pb.h"
#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "services/cli/audit/document.h"
#include "services/cli/audit/event_words.h"

namespace kefu::cli {

// A recorded event, read.
struct FiledEvent {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t leaf_index = 0;
  events::v1::Verdict verdict;
  // False: the bytes are no event that can be read; `event` is empty.
  bool readable = false;
  events::v1::Event event;

  bool applied() const { return verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED; }
  bool refused() const { return verdict.outcome() == events::v1::VERDICT_OUTCOME_REFUSED; }
  // The file of its bytes, without folder and end: "0-17".
  std::string Place() const;
};

FiledEvent Filed(const audit::v1::RecordedEvent& recorded);

// What a paper is made of.
struct CaseFile {
  audit::v1::ExportHead head;
  // What was asked, in words; by whom, and why.
  std::string asked, asked_by, reason, program_version;
  // What the answers are of, in words; empty: there are none.
  std::string views_of;
  // Empty in the paper of a client.
  std::string case_id;
  std::vector<FiledEvent> events;
  // Answers, where they were asked for.
  std::optional<query::v1::Case> one;
  std::optional<query::v1::Client> client;
  StaffNames staff;
  Zone zone;
};

// Every contact, every hand it passed, every time limit, what was answered, corrections, refused attempts, and all events
// in order.
Document CaseDocument(const CaseFile& file);
// Cases, contacts, promises, recommendations, who served, and all events in order.
Document ClientDocument(const CaseFile& file);

// Counts of a range; for ranges that do not fit into memory.
class RangeCounts {
 public:
  void Add(const FiledEvent& event);
  // `file` without events.
  Document Paper(const CaseFile& file) const;

 private:
  struct Count {
    int64_t applied = 0, refused = 0, repeated = 0;
  };
  std::map<std::string, Count> by_kind_;
  int64_t total_ = 0;
  int64_t unreadable_ = 0;
};

// --- for the papers' own files ---

// What was corrected or annulled later, by which event: the newest one counts, also where it names an earlier correction.
class Amended {
 public:
  // `file` must outlive it.
  explicit Amended(const CaseFile& file);

  // "corrected by 0-12", "annulled by 0-12"; empty: it stands as it was said.
  std::string Words(const FiledEvent& filed) const;
  // Its place, and below it these words.
  std::string Place(const FiledEvent& filed) const;

 private:
  // By the id of the first event.
  std::map<std::string, const FiledEvent*> by_;
};

// The facts at the top of each paper: what was asked, what the checkpoint is.
void AddOrigin(const CaseFile& file, Document* document);
// All events, oldest first.
DocumentSection Timeline(const CaseFile& file);
// Attempts that a rule forbade.
DocumentSection Refusals(const CaseFile& file);
// What was said before and corrected or annulled.
DocumentSection Corrections(const CaseFile& file);
DocumentSection Contacts(const CaseFile& file);
// Promises and call-backs.
DocumentSection Undertakings(const CaseFile& file);
// Verdicts in words; how to check the bundle, with our tool and with others.
DocumentSection Glossary();
DocumentSection HowToCheck(const CaseFile& file);

}  // namespace kefu::cli
