#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "kefu/query/v1/client.pb.h"
#include "platform/codec/wire_list.h"

namespace kefu::client {

// A query.v1.Client in memory, close to its stored bytes: who the client is stays encoded as a whole, and so does what
// few events tell (identities, trading, assets, segments); the lists that nearly every event changes stay encoded each,
// and only numbers and times are taken apart. It takes a fifth of the
// message's memory, is read and written by copying, and its bytes are those the message would serialise itself as.
// Concurrency: none.
class ClientRow {
 public:
  using Message = query::v1::Client;
  using Tallies = codec::WireList<Message::kTalliesFieldNumber>;
  using Contacts = codec::WireList<Message::kLastContactsFieldNumber>;
  using OpenList = codec::WireList<Message::kOpenCasesFieldNumber>;

  bool Parse(std::string_view bytes);
  void AppendTo(std::string* bytes) const;
  size_t MemoryBytes() const;
  void Prefetch() const;

  bool empty() const { return identity_.empty(); }
  bool registered() const { return registered_; }
  bool has_branch() const { return has_branch_; }
  // Who the client is: fields 1 to 15. Costs a parse and a serialisation; events about the client itself are few.
  template <class Change>
  void ChangeIdentity(Change change) {
    Message identity;
    identity.ParseFromString(identity_);
    change(identity);
    SetIdentity(identity);
  }
  // What is told of the client from outside: fields 26 to 29. Costs the same; these events are few, too.
  template <class Change>
  void ChangeTail(Change change) {
    Message tail;
    tail.ParseFromString(tail_);
    change(tail);
    tail.SerializeToString(&tail_);
  }
  // Takes the times of one more event in.
  void NoteTime(const google::protobuf::Timestamp& occurred_at);

  Tallies tallies;
  Contacts contacts;
  OpenList open_cases;
  int64_t open_complaints_total = 0;
  int64_t open_requests_total = 0;
  int64_t event_count = 0;
  int64_t revision = 0;
  int64_t last_offset = 0;

 private:
  struct Time {
    int64_t seconds = 0;
    int32_t nanos = 0;
    bool set = false;

    bool Parse(std::string_view payload);
    void AppendTo(std::string* bytes, int field) const;
  };

  void SetIdentity(const Message& identity);
  bool TakeLateField(int number, uint64_t value);

  std::string identity_;  // encoded
  std::string tail_;      // encoded
  bool registered_ = false;
  bool has_branch_ = false;
  Time first_seen_;
  Time last_event_;
};

// When a ContactSummary, as it is stored, happened.
google::protobuf::Timestamp OccurredAt(std::string_view contact_summary);

// The case of an OpenCase, as it is stored.
std::string_view CaseIdIn(std::string_view open_case);

}  // namespace kefu::client
