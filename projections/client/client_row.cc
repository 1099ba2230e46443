#include "projections/client/client_row.h"

#include <algorithm>
#include <tuple>

namespace kefu::client {

using codec::AppendBytesField;
using codec::AppendVarintField;
using codec::Field;
using codec::TakeField;
using google::protobuf::Timestamp;
using query::v1::Client;
using query::v1::ContactSummary;
using query::v1::OpenCase;

namespace {

// The fields that ChangeIdentity gives are those up to here.
constexpr int kLastIdentityField = Client::kRegisteredAtFieldNumber;
// And ChangeTail those from here to there.
constexpr int kFirstTailField = Client::kIdentitiesFieldNumber;
constexpr int kLastTailField = Client::kSegmentsFieldNumber;

}  // namespace

bool ClientRow::Time::Parse(std::string_view payload) {
  set = true;
  Field field;
  while (TakeField(&payload, &field)) {
    if (field.number == Timestamp::kSecondsFieldNumber) seconds = static_cast<int64_t>(field.value);
    if (field.number == Timestamp::kNanosFieldNumber) nanos = static_cast<int32_t>(field.value);
  }
  return payload.empty();
}

void ClientRow::Time::AppendTo(std::string* bytes, int field) const {
  if (!set) return;
  std::string payload;
  AppendVarintField(&payload, Timestamp::kSecondsFieldNumber, static_cast<uint64_t>(seconds));
  AppendVarintField(&payload, Timestamp::kNanosFieldNumber, static_cast<uint64_t>(nanos));
  AppendBytesField(bytes, field, payload);
}

bool ClientRow::Parse(std::string_view bytes) {
  *this = ClientRow();
  std::string_view rest = bytes;
  size_t identity_end = 0;
  size_t tail_begin = bytes.size();
  Field field;
  while (TakeField(&rest, &field)) {
    switch (field.number) {
      case Client::kRegisteredFieldNumber:
        registered_ = field.value != 0;
        break;
      case Client::kBranchIdFieldNumber:
        has_branch_ = true;
        break;
      case Client::kFirstSeenAtFieldNumber:
        if (!first_seen_.Parse(field.payload)) return false;
        break;
      case Client::kLastEventAtFieldNumber:
        if (!last_event_.Parse(field.payload)) return false;
        break;
      case Client::kTalliesFieldNumber:
        tallies.AppendWhole(field.whole);
        break;
      case Client::kLastContactsFieldNumber:
        contacts.AppendWhole(field.whole);
        break;
      case Client::kOpenCasesFieldNumber:
        open_cases.AppendWhole(field.whole);
        break;
      default:
        if (field.number <= kLastIdentityField) break;
        if (field.number >= kFirstTailField && field.number <= kLastTailField) {
          tail_begin = std::min(tail_begin, bytes.size() - rest.size() - field.whole.size());
        } else if (!TakeLateField(field.number, field.value)) {
          return false;
        }
    }
    if (field.number <= kLastIdentityField) identity_end = bytes.size() - rest.size();
  }
  identity_ = bytes.substr(0, identity_end);
  tail_ = bytes.substr(tail_begin);
  return rest.empty();
}

bool ClientRow::TakeLateField(int number, uint64_t value) {
  const auto count = static_cast<int64_t>(value);
  switch (number) {
    case Client::kOpenComplaintsTotalFieldNumber:
      open_complaints_total = count;
      return true;
    case Client::kOpenRequestsTotalFieldNumber:
      open_requests_total = count;
      return true;
    case Client::kEventCountFieldNumber:
      event_count = count;
      return true;
    case Client::kRevisionFieldNumber:
      revision = count;
      return true;
    case Client::kLastOffsetFieldNumber:
      last_offset = count;
      return true;
    default:
      return false;
  }
}

void ClientRow::AppendTo(std::string* bytes) const {
  bytes->append(identity_);
  first_seen_.AppendTo(bytes, Client::kFirstSeenAtFieldNumber);
  last_event_.AppendTo(bytes, Client::kLastEventAtFieldNumber);
  bytes->append(tallies.bytes());
  bytes->append(contacts.bytes());
  bytes->append(open_cases.bytes());
  AppendVarintField(bytes, Client::kOpenComplaintsTotalFieldNumber, static_cast<uint64_t>(open_complaints_total));
  AppendVarintField(bytes, Client::kOpenRequestsTotalFieldNumber, static_cast<uint64_t>(open_requests_total));
  AppendVarintField(bytes, Client::kEventCountFieldNumber, static_cast<uint64_t>(event_count));
  AppendVarintField(bytes, Client::kRevisionFieldNumber, static_cast<uint64_t>(revision));
  AppendVarintField(bytes, Client::kLastOffsetFieldNumber, static_cast<uint64_t>(last_offset));
  bytes->append(tail_);
}

size_t ClientRow::MemoryBytes() const {
  return sizeof(*this) + identity_.capacity() + tail_.capacity() + tallies.MemoryBytes() + contacts.MemoryBytes() +
         open_cases.MemoryBytes();
}

void ClientRow::Prefetch() const {
  constexpr size_t kLine = 64;
  for (const std::string* bytes : {&tallies.bytes(), &contacts.bytes()})
    for (size_t at = 0; at < bytes->size(); at += kLine) __builtin_prefetch(bytes->data() + at, /*rw=*/1);
}

void ClientRow::SetIdentity(const Message& identity) {
  identity.SerializeToString(&identity_);
  registered_ = identity.registered();
  has_branch_ = !identity.branch_id().empty();
}

void ClientRow::NoteTime(const Timestamp& occurred_at) {
  const Time time{occurred_at.seconds(), occurred_at.nanos(), true};
  const auto before = [](const Time& a, const Time& b) {
    return std::tie(a.seconds, a.nanos) < std::tie(b.seconds, b.nanos);
  };
  if (!first_seen_.set || before(time, first_seen_)) first_seen_ = time;
  if (!last_event_.set || before(last_event_, time)) last_event_ = time;
}

Timestamp OccurredAt(std::string_view contact_summary) {
  Timestamp time;
  Field field;
  while (TakeField(&contact_summary, &field))
    if (field.number == ContactSummary::kOccurredAtFieldNumber)
      time.ParseFromArray(field.payload.data(), static_cast<int>(field.payload.size()));
  return time;
}

std::string_view CaseIdIn(std::string_view open_case) {
  Field field;
  // The first field, unless it is empty.
  if (TakeField(&open_case, &field) && field.number == OpenCase::kCaseIdFieldNumber) return field.payload;
  return {};
}

}  // namespace kefu::client
