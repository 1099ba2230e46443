// A merge and its split leave no trace: two logs that differ only in these two events, offset for offset, end in the same
// rows and the same answers. And while the merge is in force, the survivor's totals are the sum of both.

#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <random>
#include <set>

#include "platform/testkit/view_run.h"
#include "projections/client/client.h"
#include "services/query/query_testing.h"

namespace kefu::query {
namespace {

using namespace testkit;
using events::v1::Event;
using query::v1::Client;

// KEFU_HISTORIES: how many; a release runs 10,000.
int Histories() {
  const char* given = std::getenv("KEFU_HISTORIES");
  return given != nullptr ? std::atoi(given) : 200;
}

constexpr int kEvents = 300;
constexpr int kClients = 20;

// One history: its events, where the merge and the split come, and of whom.
struct History {
  std::vector<Event> events;
  size_t merge_at = 0, split_at = 0;
  std::string surviving, merged;
  std::string merge_id, split_id;
};

// Clients and cases of their own, so that many histories fit one log.
void Rename(const std::string& prefix, Event* event) {
  event->set_client_id(prefix + event->client_id());
  const auto* body = event->GetReflection()->GetOneofFieldDescriptor(*event, Event::descriptor()->FindOneofByName("body"));
  const auto* field = body->message_type()->FindFieldByName("case_id");
  if (field == nullptr) return;
  auto* message = event->GetReflection()->MutableMessage(event, body);
  const std::string case_id = message->GetReflection()->GetString(*message, field);
  if (!case_id.empty()) message->GetReflection()->SetString(message, field, prefix + case_id);
}

History Write(uint64_t seed) {
  History history;
  std::mt19937_64 random(seed);
  const std::string prefix = fmt::format("h{}-", seed);
  history.events = RandomHistory({.seed = seed, .clients = kClients, .events = kEvents});
  for (Event& event : history.events) Rename(prefix, &event);
  history.merge_at = random() % (kEvents - 1);
  history.split_at = history.merge_at + 1 + random() % (kEvents - 1 - history.merge_at);
  const uint64_t surviving = random() % kClients;
  history.surviving = fmt::format("{}C-{}", prefix, surviving);
  history.merged = fmt::format("{}C-{}", prefix, (surviving + 1 + random() % (kClients - 1)) % kClients);
  history.merge_id = prefix + "merge";
  history.split_id = prefix + "split";
  return history;
}

// What stands in the two places: the merge and its split, or something about nobody.
enum class Between { kMergeAndSplit, kMergeOnly, kNothing };

// The histories in a server: all up to their splits, then the rest.
class Branch {
 public:
  Branch(const std::vector<History>& histories, Between between) : histories_(histories), between_(between) {}

  void PublishUpToTheSplits() {
    for (const History& history : histories_) {
      for (size_t i = 0; i < history.split_at; ++i) {
        if (i == history.merge_at)
          PublishFact(between_ == Between::kNothing ? UnitTold("U-1") : Merged(history.surviving, history.merged),
                      history.merge_id);
        server_.Publish(history.events[i]);
      }
    }
    server_.CatchUp();
  }
  void PublishTheRest() {
    for (const History& history : histories_) {
      PublishFact(between_ == Between::kMergeAndSplit ? Split(history.merge_id) : UnitTold("U-1"), history.split_id);
      for (size_t i = history.split_at; i < history.events.size(); ++i) server_.Publish(history.events[i]);
    }
    server_.CatchUp();
  }

  QueryServer& server() { return server_; }
  // Where the facts themselves are on the log.
  const std::set<std::pair<int32_t, int64_t>>& facts() const { return facts_; }

  // The record of one client as its row has it.
  Client Row(const std::string& client_id) {
    const auto partition = server_.engine().At(Partition(PartitionForKey(client_id, server_.log().partitions())));
    store::PinnedValue row;
    Client client;
    const auto found = partition->Get("client", "clients", codec::Key(client_id), &row);
    EXPECT_TRUE(found.ok());
    if (found.ok() && *found) EXPECT_TRUE(client.ParseFromString(std::string(row.view())));
    return client;
  }

 private:
  void PublishFact(Draft draft, const std::string& id) {
    for (int32_t p = 0; p < server_.log().partitions(); ++p) facts_.emplace(p, server_.log().EndOffset(Partition(p))->value());
    server_.Publish(draft.Id(id).At(Beginning()));
  }

  const std::vector<History>& histories_;
  const Between between_;
  QueryServer server_;
  std::set<std::pair<int32_t, int64_t>> facts_;
};

// --- rows ---

// What may differ: the facts themselves.
bool IsAboutTheFacts(std::string_view view, std::string_view table, int32_t partition, std::string_view key,
                     const std::set<std::pair<int32_t, int64_t>>& facts) {
  // The tree is of records, whatever they say.
  if (view == "reference" || view == "tree") return true;
  if (view == "relation") return table == "merge_facts" || table == "merges_by_client";
  if (view != "journal") return false;
  if (table == "pairs" || table == "broadcasts") return true;
  std::string client_id;
  Offset offset;
  EXPECT_TRUE(codec::TakePart(key, &client_id) && codec::TakePart(key, &offset));
  return facts.contains({partition, offset.value()});
}

// The next entry that is not about the facts.
void Skip(std::string_view view, std::string_view table, int32_t partition,
          const std::set<std::pair<int32_t, int64_t>>& facts, store::Cursor& cursor) {
  while (cursor.Valid() && IsAboutTheFacts(view, table, partition, cursor.key(), facts)) cursor.Next();
}

// Tables and indexes whose entries differ, each once.
std::set<std::string> DifferentTables(Branch& a, Branch& b, int64_t* compared) {
  std::set<std::string> different;
  const auto compare = [&](const sdk::Projection& view, std::string_view table) {
    for (int32_t p = 0; p < a.server().log().partitions(); ++p) {
      const auto at_a = a.server().engine().At(Partition(p));
      const auto at_b = b.server().engine().At(Partition(p));
      const auto of_a = *at_a->Scan(view.name, table, "", "");
      const auto of_b = *at_b->Scan(view.name, table, "", "");
      for (;; of_a->Next(), of_b->Next(), ++*compared) {
        Skip(view.name, table, p, a.facts(), *of_a);
        Skip(view.name, table, p, b.facts(), *of_b);
        if (!of_a->Valid() && !of_b->Valid()) break;
        if (of_a->Valid() && of_b->Valid() && of_a->key() == of_b->key() && of_a->value() == of_b->value()) continue;
        different.insert(fmt::format("{}.{}", view.name, table));
        break;
      }
    }
  };
  for (const sdk::Projection* view : a.server().engine().projections()) {
    for (const auto& table : view->tables) {
      compare(*view, table.name);
      for (const auto& index : table.indexes) compare(*view, index.name);
    }
  }
  return different;
}

// --- answers ---

bool IsTheFact(const v1::TimelineEntry& entry) {
  return entry.event().has_client_records_merged() || entry.event().has_client_records_split();
}

// All that is asked about one client, as text; what may differ left out.
std::string Answers(QueryServer& server, const std::string& client_id) {
  const std::string name = "clients/" + client_id;
  std::string text;
  const auto add = [&](const grpc::Status& status, const google::protobuf::Message& answer) {
    text += status.ok() ? answer.ShortDebugString() : status.error_message();
    text += '\n';
  };
  {
    Patient context;
    v1::GetClientRequest request;
    request.set_name(name);
    Client answer;
    add(server.clients->GetClient(&context, request, &answer), answer);
  }
  {
    Patient context;
    v1::ListTimelineRequest request;
    request.set_parent(name);
    request.set_page_size(1000);
    v1::ListTimelineResponse answer;
    const auto status = server.clients->ListTimeline(&context, request, &answer);
    auto& entries = *answer.mutable_entries();
    entries.erase(std::remove_if(entries.begin(), entries.end(), IsTheFact), entries.end());
    add(status, answer);
  }
  {
    Patient context;
    v1::ListCasesRequest request;
    request.set_parent(name);
    request.set_page_size(1000);
    v1::ListCasesResponse answer;
    add(server.cases->ListCases(&context, request, &answer), answer);
  }
  {
    Patient context;
    v1::SearchTextRequest request;
    request.set_parent(name);
    request.set_query("回電");
    v1::SearchTextResponse answer;
    add(server.texts->SearchText(&context, request, &answer), answer);
  }
  {
    Patient context;
    v1::FindClientsRequest request;
    request.set_anything(client_id);
    v1::FindClientsResponse answer;
    add(server.clients->FindClients(&context, request, &answer), answer);
  }
  {
    Patient context;
    v1::ListRelationsRequest request;
    request.set_parent(name);
    request.set_all(true);
    v1::ListRelationsResponse answer;
    add(server.relations->ListRelations(&context, request, &answer), answer);
  }
  return text;
}

// Clients whose answers differ: of each history both that were merged and some that were not.
std::set<std::string> DifferentClients(Branch& a, Branch& b, const std::vector<History>& histories) {
  std::set<std::string> different;
  for (size_t h = 0; h < histories.size(); ++h) {
    std::set<std::string> asked{histories[h].surviving, histories[h].merged};
    // All twenty of a few histories; for each costs seconds and finds no more.
    const std::string prefix = histories[h].merge_id.substr(0, histories[h].merge_id.size() - 5);
    if (h < 5)
      for (int c = 0; c < kClients; ++c) asked.insert(fmt::format("{}C-{}", prefix, c));
    for (const std::string& client : asked)
      if (Answers(a.server(), client) != Answers(b.server(), client)) different.insert(client);
  }
  return different;
}

std::map<std::string, int64_t> Tallies(const Client& client) {
  std::map<std::string, int64_t> tallies;
  for (const auto& tally : client.tallies()) tallies[tally.key()] += tally.count();
  return tallies;
}

// While the merge is in force: totals are the sum of both records.
void ExpectSums(Branch& branch, const History& history) {
  SCOPED_TRACE(history.merge_id);
  const Client surviving = branch.Row(history.surviving);
  const Client merged = branch.Row(history.merged);
  if (surviving.event_count() + merged.event_count() == 0) return;
  Client united;
  Patient context;
  v1::GetClientRequest request;
  request.set_name("clients/" + history.surviving);
  const auto status = branch.server().clients->GetClient(&context, request, &united);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(united.merged_client_ids_size(), 1);
  EXPECT_EQ(united.event_count(), surviving.event_count() + merged.event_count());
  EXPECT_EQ(united.open_complaints_total(), surviving.open_complaints_total() + merged.open_complaints_total());
  EXPECT_EQ(united.open_requests_total(), surviving.open_requests_total() + merged.open_requests_total());
  std::map<std::string, int64_t> sums = Tallies(surviving);
  for (const auto& [key, count] : Tallies(merged)) sums[key] += count;
  EXPECT_EQ(Tallies(united), sums);
  Patient again;
  v1::CountCasesRequest count;
  count.set_parent("clients/" + history.merged);
  count.set_filter("open = true");
  v1::CountCasesResponse counted;
  ASSERT_TRUE(branch.server().cases->CountCases(&again, count, &counted).ok());
  EXPECT_EQ(counted.count(), united.open_complaints_total() + united.open_requests_total());
}

TEST(MergeUndone, LeavesNoTraceInAnyViewOrAnswerAndAddsUpWhileItLasts) {
  const uint64_t seed = Seed() % 1'000'000'000;
  SCOPED_TRACE(testing::Message() << "KEFU_SEED=" << seed);
  std::vector<History> histories;
  for (int h = 0; h < Histories(); ++h) histories.push_back(Write(seed + static_cast<uint64_t>(h)));
  Branch merged(histories, Between::kMergeAndSplit);
  merged.PublishUpToTheSplits();
  for (const History& history : histories) ExpectSums(merged, history);
  merged.PublishTheRest();
  Branch plain(histories, Between::kNothing);
  plain.PublishUpToTheSplits();
  plain.PublishTheRest();
  ASSERT_EQ(merged.facts(), plain.facts());
  int64_t compared = 0;
  EXPECT_EQ(DifferentTables(merged, plain, &compared), std::set<std::string>());
  EXPECT_GT(compared, 100 * Histories());
  EXPECT_EQ(DifferentClients(merged, plain, histories), std::set<std::string>());
}

// The control: the same without the split must be found.
TEST(MergeUndone, AMergeThatIsNotUndoneIsSeenInRowsAndAnswers) {
  const std::vector<History> histories{Write(7)};
  Branch merged(histories, Between::kMergeOnly);
  Branch plain(histories, Between::kNothing);
  for (Branch* branch : {&merged, &plain}) {
    branch->PublishUpToTheSplits();
    branch->PublishTheRest();
  }
  int64_t compared = 0;
  EXPECT_EQ(DifferentTables(merged, plain, &compared), std::set<std::string>({"relation.merges"}));
  EXPECT_EQ(DifferentClients(merged, plain, histories),
            std::set<std::string>({histories[0].surviving, histories[0].merged}));
}

}  // namespace
}  // namespace kefu::query
