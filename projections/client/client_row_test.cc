#include "projections/client/client_row.h"

#include <gtest/gtest.h>

#include "platform/testkit/client_events.h"
#include "platform/testkit/history.h"
#include "platform/testkit/projection_driver.h"
#include "projections/client/client.h"

namespace kefu::client {
namespace {

using namespace testkit;
using query::v1::Client;

std::string Bytes(const ClientRow& row) {
  std::string bytes;
  row.AppendTo(&bytes);
  return bytes;
}

// The whole point of a row that stays encoded: nobody can tell it from the message.
TEST(ClientRowProperty, StoredBytesAreWhatTheMessageSerialisesItselfAs) {
  for (const uint64_t seed : {71, 72, 73}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProjectionDriver<ClientView> test;
    const auto history = RandomHistory({.seed = seed, .clients = 12, .events = 2500});
    // What few events tell, and what many do, by turns.
    test.Play({history.begin(), history.begin() + 1200});
    for (int client = 0; client < 12; client += 2)
      test.Given(Traded(absl::CivilDay(2026, 3, client + 1), client).Client(fmt::format("C-{}", client)),
                 Classified("rfm", "a1").Client(fmt::format("C-{}", client + 1)));
    test.Play({history.begin() + 1200, history.end()});
    for (const auto& [key, message] : test.run().view().Rows("clients")) {
      const std::string canonical = message->SerializeAsString();
      ClientRow row;
      ASSERT_TRUE(row.Parse(canonical));
      EXPECT_EQ(Bytes(row), canonical);
      const auto* kept = static_cast<const sdk::RowOf<ClientRow>*>(test.run().view().Find(Clients::kId, key));
      EXPECT_EQ(Bytes(kept->value), canonical) << message->ShortDebugString();
    }
  }
}

TEST(ClientRow, BytesOfSomethingElseAreNoRow) {
  ClientRow row;
  EXPECT_FALSE(row.Parse("\xff"));
  EXPECT_FALSE(row.Parse("\x0a\x05" "ab"));
  Client with_answer_field;
  with_answer_field.set_position("only in answers");
  EXPECT_FALSE(row.Parse(with_answer_field.SerializeAsString()));
}

TEST(ClientRow, TimesAreTheEarliestAndTheLatestAndOneThatIsNotSetCounts) {
  ClientRow row;
  google::protobuf::Timestamp time;
  row.NoteTime(time);
  Client message;
  ASSERT_TRUE(message.ParseFromString(Bytes(row)));
  EXPECT_TRUE(message.has_first_seen_at() && message.has_last_event_at());
  time.set_seconds(-5);
  time.set_nanos(7);
  row.NoteTime(time);
  time.set_seconds(5);
  row.NoteTime(time);
  ASSERT_TRUE(message.ParseFromString(Bytes(row)));
  EXPECT_EQ(message.first_seen_at().seconds(), -5);
  EXPECT_EQ(message.last_event_at().nanos(), 7);
  EXPECT_EQ(Bytes(row), message.SerializeAsString());
}

}  // namespace
}  // namespace kefu::client
