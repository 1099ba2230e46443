#include "platform/base/time.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using events::v1::Event;
using query::v1::Reference;
using testing::ElementsAre;
using testing::IsEmpty;

testkit::Draft Codes(std::string_view scheme, std::string_view edition) {
  return testkit::Draft().Client("").With([&](Event& event) {
    auto* set = event.mutable_code_set_published();
    set->set_scheme(std::string(scheme));
    set->set_version(std::string(edition));
    set->add_entries()->set_value("01");
    set->mutable_entries(0)->set_name("one");
  });
}

testkit::Draft Unit(std::string_view id, std::string_view name) {
  return testkit::Draft().Client("").With([&](Event& event) {
    auto* unit = event.mutable_unit_published();
    unit->set_unit_id(std::string(id));
    unit->set_name(std::string(name));
    unit->set_level(events::v1::UNIT_LEVEL_BRANCH);
  });
}

class ReferenceServiceTest : public testing::Test {
 protected:
  grpc::Status Get(const std::string& name, Reference* reference, const std::string& min_position = "") {
    Patient context;
    v1::GetReferenceRequest request;
    request.set_name(name);
    request.set_min_position(min_position);
    return server_.references->GetReference(&context, request, reference);
  }
  // Names over all pages.
  std::vector<std::string> Names(v1::ReferenceKind kind, const std::string& id = "", int page_size = 0) {
    std::vector<std::string> names;
    v1::ListReferencesRequest request;
    request.set_kind(kind);
    request.set_reference_id(id);
    request.set_page_size(page_size);
    do {
      Patient context;
      v1::ListReferencesResponse response;
      const auto status = server_.references->ListReferences(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      EXPECT_FALSE(response.position().empty());
      EXPECT_LE(response.references_size(), page_size > 0 ? page_size : 50);
      for (const Reference& one : response.references()) {
        EXPECT_FALSE(one.has_event()) << one.name();
        names.push_back(one.name());
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  // What the broadcast duty does.
  void Copy(Partition partition, const Event& original, int64_t first_offset) {
    Event copy = original;
    copy.mutable_broadcast()->set_partitions(server_.log().partitions());
    copy.mutable_broadcast()->set_is_copy(true);
    copy.mutable_broadcast()->set_first_offset(first_offset);
    server_.Put(partition, copy);
    server_.CatchUp();
  }

  QueryServer server_;
};

TEST_F(ReferenceServiceTest, TheNewestOfEachIsListedAndAllVersionsOfOne) {
  server_.PublishAtHome(Unit("B-2", "two"));
  server_.PublishAtHome(Unit("B-1", "one"));
  server_.PublishAtHome(Codes("us.finra.4530.problem", "2023"));
  server_.PublishAtHome(Codes("us.finra.4530.problem", "2024"));
  server_.PublishAtHome(Unit("B-1", "one, renamed"));
  server_.CatchUp();
  const std::vector<std::string> all = {"references/unit/B-1/4", "references/unit/B-2/0",
                                        "references/code_set/us.finra.4530.problem/2024"};
  for (const int page_size : {0, 1, 2, 3}) EXPECT_EQ(Names({}, "", page_size), all) << page_size;
  EXPECT_THAT(Names(v1::REFERENCE_KIND_UNIT), ElementsAre(all[0], all[1]));
  EXPECT_THAT(Names(v1::REFERENCE_KIND_CALENDAR), IsEmpty());
  for (const int page_size : {0, 1})
    EXPECT_THAT(Names(v1::REFERENCE_KIND_UNIT, "B-1", page_size),
                ElementsAre("references/unit/B-1/4", "references/unit/B-1/1"));
  EXPECT_THAT(Names(v1::REFERENCE_KIND_UNIT, "B-9"), IsEmpty());
}

TEST_F(ReferenceServiceTest, OneVersionComesWithTheEventThatPublishedIt) {
  server_.PublishAtHome(Unit("B-1", "one"));
  const std::string position = server_.PublishAtHome(Unit("B-1", "one, renamed").By("S-1"));
  Reference newest;
  ASSERT_TRUE(Get("references/unit/B-1/-", &newest, position).ok());
  EXPECT_EQ(newest.event().unit_published().name(), "one, renamed");
  EXPECT_EQ(newest.event().actor().id(), "S-1");
  EXPECT_EQ(newest.offset(), 1);
  EXPECT_FALSE(newest.position().empty());
  Reference first;
  ASSERT_TRUE(Get("references/unit/B-1/0", &first).ok());
  EXPECT_EQ(first.event().unit_published().name(), "one");
}

TEST_F(ReferenceServiceTest, IdsAndEditionsMayHaveSlashesInThem) {
  server_.PublishAtHome(Unit("north/B-1", "one"));
  server_.PublishAtHome(Codes("firm/topics", "2024/1"));
  server_.CatchUp();
  Reference found;
  EXPECT_TRUE(Get("references/unit/north/B-1/-", &found).ok());
  EXPECT_TRUE(Get("references/code_set/firm/topics/2024/1", &found).ok());
  EXPECT_EQ(found.version(), "2024/1");
}

TEST_F(ReferenceServiceTest, ThePartitionsThatMissItAreNamedUntilTheCopyIsThere) {
  const Event unit = testkit::Finish(Unit("B-1", "one"), 1);
  const Event codes = testkit::Finish(Codes("firm.topics", "1"), 2);
  server_.PublishAtHome(unit);
  server_.PublishAtHome(codes);
  server_.CatchUp();
  Reference reference;
  ASSERT_TRUE(Get("references/unit/B-1/-", &reference).ok());
  EXPECT_THAT(reference.missing_partitions(), ElementsAre(1, 2));
  Copy(Partition(2), unit, 0);
  reference.Clear();
  ASSERT_TRUE(Get("references/unit/B-1/-", &reference).ok());
  EXPECT_THAT(reference.missing_partitions(), ElementsAre(1));
  reference.Clear();
  ASSERT_TRUE(Get("references/code_set/firm.topics/1", &reference).ok());
  EXPECT_THAT(reference.missing_partitions(), ElementsAre(1, 2)) << "an older copy is not this one";
  Copy(Partition(1), unit, 0);
  Copy(Partition(1), codes, 1);
  Copy(Partition(2), codes, 1);
  reference.Clear();
  ASSERT_TRUE(Get("references/code_set/firm.topics/-", &reference).ok());
  EXPECT_THAT(reference.missing_partitions(), IsEmpty());
}

TEST_F(ReferenceServiceTest, WhatIsRefusedIsNotThere) {
  server_.PublishAtHome(testkit::Draft().Client("").With([](Event& event) {
    auto* unit = event.mutable_unit_published();
    unit->set_unit_id("B-1");
    unit->set_parent_unit_id("nowhere");
    unit->set_level(events::v1::UNIT_LEVEL_BRANCH);
  }));
  server_.CatchUp();
  EXPECT_THAT(Names({}), IsEmpty());
}

TEST_F(ReferenceServiceTest, RequestsThatMakeNoSenseAreRefused) {
  server_.PublishAtHome(Unit("B-1", "one"));
  server_.CatchUp();
  Reference reference;
  ExpectRefused(Get("B-1", &reference), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
  ExpectRefused(Get("references/weather/B-1/1", &reference), grpc::StatusCode::INVALID_ARGUMENT, "NAME_INVALID");
  ExpectRefused(Get("references/unit/B-1", &reference), grpc::StatusCode::NOT_FOUND, "REFERENCE_NOT_FOUND");
  ExpectRefused(Get("references/unit/B-1/7", &reference), grpc::StatusCode::NOT_FOUND, "REFERENCE_NOT_FOUND");
  ExpectRefused(Get("references/unit//-", &reference), grpc::StatusCode::NOT_FOUND, "REFERENCE_NOT_FOUND");
  ExpectRefused(Get("references/unit/B-1/-", &reference, "!!"), grpc::StatusCode::INVALID_ARGUMENT,
                "POSITION_INVALID");
  const auto list = [&](v1::ListReferencesRequest request) {
    Patient context;
    v1::ListReferencesResponse response;
    return server_.references->ListReferences(&context, request, &response);
  };
  v1::ListReferencesRequest request;
  request.set_reference_id("B-1");
  ExpectRefused(list(request), grpc::StatusCode::INVALID_ARGUMENT, "KIND_MISSING");
  request.set_kind(static_cast<v1::ReferenceKind>(77));
  ExpectRefused(list(request), grpc::StatusCode::INVALID_ARGUMENT, "ENUM_UNKNOWN");
  request.Clear();
  request.set_page_token("of another list");
  ExpectRefused(list(request), grpc::StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace kefu::query
