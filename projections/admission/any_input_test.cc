// Whatever a body holds: admission answers, alike each time, and what it refuses changes nothing.

#include <fmt/format.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "platform/base/time.h"
#include "platform/event/broadcast.h"
#include "platform/testkit/events.h"
#include "platform/testkit/memory_stage.h"
#include "projections/admission/admission.h"

namespace kefu::admission {
namespace {

using events::v1::Event;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Fills messages with little sense: few ids, so that they meet; numbers at their ends; values of enums that there are
// none of.
class Filler {
 public:
  explicit Filler(uint64_t seed) : random_(seed) {}

  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }

  Event Next(int number) {
    static const auto* bodies = Event::descriptor()->FindOneofByName("body");
    Event event;
    const FieldDescriptor* body = bodies->field(Below(bodies->field_count()));
    Fill(*event.GetReflection()->MutableMessage(&event, body), 0);
    event.set_event_id(fmt::format("e-{}", number));
    event.set_source("test");
    const bool everywhere = event::IsBroadcast(event.body_case());
    if (!everywhere || Below(20) == 0) event.set_client_id(Id());
    if (everywhere) event.mutable_broadcast()->set_partitions(Below(3));
    if (everywhere && Below(4) == 0) event.mutable_broadcast()->set_is_copy(true);
    if (Below(10) == 0) event.mutable_precondition()->set_revision(Below(3));
    if (Below(3) == 0) event.set_branch_id(Id());
    *event.mutable_occurred_at() = ToProto(testkit::Beginning() + absl::Minutes(number));
    if (Below(20) == 0) FillTime(*event.mutable_occurred_at());
    return event;
  }

 private:
  std::string Id() {
    static constexpr std::array kIds = {"", "a", "b", "c", "d", "A", "B", "王", "has blank", "marketing"};
    return kIds[static_cast<size_t>(Below(kIds.size()))];
  }
  int64_t Number() {
    static constexpr std::array<int64_t, 9> kNumbers = {
        0, 1, 1, 1, 2, -1, 10'000, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()};
    return kNumbers[static_cast<size_t>(Below(kNumbers.size()))];
  }

  // Of times only those that can be told: a dump writes them out.
  bool FillTime(Message& message) {
    static constexpr std::array<int64_t, 4> kSeconds = {0, 1'772'380'800, 253'402'300'799, -62'135'596'800};
    if (auto* time = dynamic_cast<google::protobuf::Timestamp*>(&message))
      time->set_seconds(kSeconds[static_cast<size_t>(Below(kSeconds.size()))]);
    else if (auto* duration = dynamic_cast<google::protobuf::Duration*>(&message))
      duration->set_seconds(Below(1'000));
    else
      return false;
    return true;
  }

  void Fill(Message& message, int depth) {
    if (FillTime(message)) return;
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor* field = message.GetDescriptor()->field(i);
      if (depth > 5 || Below(8) == 0) continue;
      const int times = field->is_repeated() ? Below(4) : 1;
      for (int time = 0; time < times; ++time) FillOne(message, *field, depth);
    }
  }
  void FillOne(Message& message, const FieldDescriptor& field, int depth) {
    const auto& reflection = *message.GetReflection();
    const auto put = [&](auto set, auto add, auto value) {
      if (field.is_repeated())
        (reflection.*add)(&message, &field, value);
      else
        (reflection.*set)(&message, &field, value);
    };
    using google::protobuf::Reflection;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return put(&Reflection::SetString, &Reflection::AddString, Id());
      case FieldDescriptor::CPPTYPE_INT32:
        return put(&Reflection::SetInt32, &Reflection::AddInt32, static_cast<int32_t>(Number()));
      case FieldDescriptor::CPPTYPE_INT64:
        return put(&Reflection::SetInt64, &Reflection::AddInt64, Number());
      case FieldDescriptor::CPPTYPE_BOOL:
        return put(&Reflection::SetBool, &Reflection::AddBool, Below(2) == 0);
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int value = Below(30) == 0 ? 99 : Below(field.enum_type()->value_count());
        return put(&Reflection::SetEnumValue, &Reflection::AddEnumValue, value);
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                        : *reflection.MutableMessage(&message, &field),
                    depth + 1);
      default:
        return;
    }
  }

  std::mt19937_64 random_;
};

// All that is remembered but which ids were met.
std::string Remembered(const testkit::MemoryStage& stage) {
  std::string state;
  std::stringstream dump(stage.Dump());
  for (std::string line; std::getline(dump, line);)
    if (!line.starts_with("seen ")) state += line + "\n";
  return state;
}

TEST(AnyInput, IsJudgedAlikeAndARefusalChangesNothing) {
  std::map<int, int> applied;
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    testkit::MemoryStage first(State()), second(State());
    Filler filler(seed);
    std::string before;
    for (int i = 0; i < 4'000; ++i) {
      const Event event = filler.Next(i);
      const std::string bytes = testkit::Recorded(event, testkit::Beginning());
      const sdk::RecordedEvent record{&event, bytes, Partition(0), Offset(i), testkit::Beginning()};
      first.Begin();
      second.Begin();
      const auto verdict = Judge(record, first);
      ASSERT_EQ(verdict.ShortDebugString(), Judge(record, second).ShortDebugString()) << event.ShortDebugString();
      // A dump costs much: now and then.
      if (i % 80 == 79 && verdict.outcome() != events::v1::VERDICT_OUTCOME_APPLIED) {
        EXPECT_EQ(Remembered(first), before) << event.ShortDebugString();
      }
      if (i % 80 == 78) before = Remembered(first);
      if (verdict.outcome() == events::v1::VERDICT_OUTCOME_APPLIED) ++applied[event.body_case()];
    }
    EXPECT_EQ(first.Dump(), second.Dump());
  }
  // Else it would show little: most bodies get through in some way.
  EXPECT_GT(applied.size(), 70u);
}

}  // namespace
}  // namespace kefu::admission
