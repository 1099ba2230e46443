#include "services/audit/view_rows.h"

#include <gmock/gmock.h>

#include "platform/base/files.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/catalogue.h"
#include "projections/engine/running.h"
#include "services/audit/audit_testing.h"

namespace kefu::audit {
namespace {

using testkit::MemoryLog;

class ViewRowsTest : public ::testing::Test {
 protected:
  ViewRowsTest() : log(2) {
    engine::Fill(log, engine::History(31, 800));
    running.emplace(log, directory.path(), projections::Catalogue());
    running->CatchUp(log);
  }
  static v1::ReadViewRequest Asked(std::string_view view, int32_t partition) {
    v1::ReadViewRequest request;
    request.set_name(fmt::format("views/{}", view));
    request.set_partition(partition);
    return request;
  }
  std::vector<v1::ReadViewResponse> All(std::string_view view, int32_t partition, size_t bytes) {
    std::vector<v1::ReadViewResponse> messages;
    auto rows = ViewRows::Open(*running->engine, Asked(view, partition));
    EXPECT_TRUE(rows.ok()) << ToString(rows.status());
    while (rows.ok() && (messages.empty() || !messages.back().complete()))
      if (!(*rows)->Next(bytes, &messages.emplace_back()).ok()) ADD_FAILURE() << view;
    return messages;
  }

  const TempDirectory directory;
  MemoryLog log;
  std::optional<engine::Running> running;
};

TEST_F(ViewRowsTest, EverythingIsGivenInOrderAndHasTheDigestOfTheView) {
  for (const auto* view : projections::Catalogue()) {
    for (int32_t p = 0; p < 2; ++p) {
      for (const size_t bytes : {size_t{1}, size_t{5000}, size_t{1} << 20}) {
        const auto messages = All(view->name, p, bytes);
        const auto digest = running->engine->Digest(view->name, Partition(p));
        Sha256Stream sum;
        std::string last;
        int64_t entries = 0;
        for (const auto& message : messages) {
          EXPECT_EQ(message.next_offset(), digest->next_offset());
          EXPECT_EQ(message.version(), view->version);
          for (const auto& row : message.rows()) {
            EXPECT_LT(last, row.key());
            last = row.key();
            sum.Update(codec::Key(static_cast<int64_t>(row.key().size()), static_cast<int64_t>(row.value().size())));
            sum.Update(row.key());
            sum.Update(row.value());
            ++entries;
          }
        }
        EXPECT_EQ(entries, digest->entries()) << view->name;
        EXPECT_EQ(Hex(sum.Finish()), digest->digest()) << view->name;
        if (bytes > 1) continue;
        EXPECT_EQ(static_cast<int64_t>(messages.size()), std::max<int64_t>(1, entries)) << view->name;
      }
    }
  }
}

TEST_F(ViewRowsTest, ItIsOfOneMomentWhateverComes) {
  auto rows = ViewRows::Open(*running->engine, Asked("journal", 0));
  ASSERT_TRUE(rows.ok());
  const auto before = running->engine->Digest("journal", Partition(0));
  v1::ReadViewResponse message;
  ASSERT_TRUE((*rows)->Next(100, &message).ok());
  engine::Fill(log, engine::History(32, 100), 1000);
  running->CatchUp(log);
  EXPECT_GT(running->engine->Digest("journal", Partition(0))->entries(), before->entries());
  int64_t entries = message.rows_size();
  while (!message.complete()) {
    ASSERT_TRUE((*rows)->Next(10'000, &message).ok());
    EXPECT_EQ(message.next_offset(), before->next_offset());
    entries += message.rows_size();
  }
  EXPECT_EQ(entries, before->entries());
}

TEST_F(ViewRowsTest, WhatIsNotThereIsRefused) {
  const auto reason = [&](const v1::ReadViewRequest& request) {
    return std::string(ReasonOf(ViewRows::Open(*running->engine, request).status()));
  };
  EXPECT_EQ(reason(Asked("clientele", 0)), "VIEW_NOT_FOUND");
  EXPECT_EQ(reason(Asked("", 0)), "NAME_INVALID");
  EXPECT_EQ(reason({}), "NAME_INVALID");
  EXPECT_EQ(reason(Asked("client", 2)), "PARTITION_UNKNOWN");
  EXPECT_EQ(reason(Asked("client", -1)), "PARTITION_UNKNOWN");
}

v1::ReadViewRequest OfJournal() {
  v1::ReadViewRequest request;
  SetAccess(request.mutable_access());
  request.set_name("views/journal");
  return request;
}

TEST(ReadView, GivesAllOfAViewInMessagesAndSaysWhenItEnds) {
  NoRecorder recorder;
  AuditServer server(2, {.message_bytes = 1000}, &recorder);
  server.Live(33, 300);
  const auto digest = server.engine().Digest("journal", Partition(0));
  Patient context;
  const auto reader = server.stub->ReadView(&context, OfJournal());
  v1::ReadViewResponse message;
  int64_t rows = 0, messages = 0;
  bool complete = false;
  while (reader->Read(&message)) {
    EXPECT_FALSE(complete);
    EXPECT_EQ(message.next_offset(), digest->next_offset());
    rows += message.rows_size();
    ++messages;
    complete = message.complete();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_TRUE(complete);
  EXPECT_EQ(rows, digest->entries());
  EXPECT_GT(messages, 3);
}

TEST(ReadView, IsRecordedOrRefused) {
  AuditServer server(1);
  server.Live(34, 20);
  const Offset before = *server.log().EndOffset(Partition(0));
  const auto ask = [&](const v1::ReadViewRequest& request) {
    Patient context;
    const auto reader = server.stub->ReadView(&context, request);
    for (v1::ReadViewResponse message; reader->Read(&message);) continue;
    return reader->Finish();
  };
  EXPECT_TRUE(ask(OfJournal()).ok());
  events::v1::Event looked;
  ASSERT_TRUE(event::ParseRecorded(*server.log().ReadOne(Partition(0), before), &looked).ok());
  EXPECT_EQ(looked.audit_accessed().call(), "AuditService.ReadView");
  v1::ReadViewRequest unexplained = OfJournal();
  unexplained.mutable_access()->clear_reason();
  ExpectRefused(ask(unexplained), grpc::StatusCode::INVALID_ARGUMENT, "REASON_MISSING");
  v1::ReadViewRequest unknown = OfJournal();
  unknown.set_name("views/clientele");
  ExpectRefused(ask(unknown), grpc::StatusCode::NOT_FOUND, "VIEW_NOT_FOUND");
  server.EndAllStreams();
  EXPECT_EQ(ask(OfJournal()).error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace kefu::audit
