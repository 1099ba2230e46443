#pragma once

// How a view is declared. A view is one folder: rows, folds, tests, README; nothing else is touched to add it.
//
//   struct Cases {                                          // a table
//     static constexpr std::string_view kName = "cases";
//     static constexpr uint8_t kId = 1;                     // first byte of its keys; on disk, frozen
//     using Key = codec::KeyOf<std::string>;                // case id
//     using Row = query::v1::Case;
//   };
//   struct CasesByAssignee {                                // an index: the engine keeps it
//     static constexpr std::string_view kName = "by_assignee";
//     static constexpr uint8_t kId = 2;
//     using Of = Cases;
//     using Key = codec::KeyOf<std::string, std::string>;   // assignee, case id: must be unique
//     static void Keys(const Of::Row& row, sdk::IndexKeys& out) {
//       if (!row.assignee_id().empty()) out.AddEncoded(Key::Encode(row.assignee_id(), row.case_id()));
//     }
//   };
//   struct CaseView {
//     static constexpr std::string_view kName = "case";
//     static constexpr int32_t kVersion = 1;                // bump when any event could now give another row
//     using Events = sdk::TypeList<events::v1::CaseResolved, …>;
//     using Tables = sdk::TypeList<Cases>;
//     using Indexes = sdk::TypeList<CasesByAssignee>;
//     static sdk::Outcome Apply(const sdk::Recorded<events::v1::CaseResolved>& resolved, sdk::View<CaseView>& view);
//   };
//
// Rules for Apply, checked by the test driver: no clock, random, environment, I/O, float sums, or order taken from a
// hash map; no state between events. Same events, same rows, byte for byte.
//
// `using Events = sdk::AllEvents` takes every event through Apply(const sdk::Recorded<events::v1::Event>&, …).
// `static void Ahead(const events::v1::Event&, sdk::RowsAhead& rows)` names rows that the event will need.
// `static constexpr bool kTakesRefused = true` also hands over events that admission refused (never duplicates).
// `static constexpr bool kTakesAll = true` hands over every record there is: duplicates, and bytes that are no event (then
// `event` is what could be read of them). For what is about the log, not about what it says.

#include <google/protobuf/descriptor.h>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kefu/events/v1/event.pb.h"
#include "platform/codec/key.h"
#include "projections/sdk/outcome.h"
#include "projections/sdk/stage.h"

namespace kefu::sdk {

template <class... Types>
struct TypeList {};

struct AllEvents {};

// Row type of tables that hold bytes as given.
struct RawBytes {};

// An event's body with what surrounds it.
template <class Body>
struct Recorded {
  const Body& body;
  const RecordedEvent& record;

  const events::v1::Event& event() const { return *record.event; }
  // When it happened, by the producer.
  absl::Time occurred_at() const {
    const auto& time = event().occurred_at();
    return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  }
};

// The tables of view P, typed. Reads see the event's own writes.
template <class P>
class View {
 public:
  explicit View(Stage& stage) : stage_(stage) {}

  // Find<Cases>(case_id): null if there is no such row. Valid until the event ends.
  template <class Table, class... Parts>
  const typename Table::Row* Find(const Parts&... key) {
    const Row* found = stage_.Find(Table::kId, Table::Key::Encode(key...));
    return found == nullptr ? nullptr : &static_cast<const RowOf<typename Table::Row>*>(found)->value;
  }
  // The row to change in place; empty if there was none.
  template <class Table, class... Parts>
  typename Table::Row& Edit(const Parts&... key) {
    return static_cast<RowOf<typename Table::Row>*>(stage_.Edit(Table::kId, Table::Key::Encode(key...)))->value;
  }
  template <class Table, class... Parts>
  void Erase(const Parts&... key) {
    stage_.Erase(Table::kId, Table::Key::Encode(key...));
  }
  template <class Table, class... Parts>
  std::optional<std::string_view> FindRaw(const Parts&... key) {
    return stage_.FindRaw(Table::kId, Table::Key::Encode(key...));
  }
  template <class Table, class... Parts>
  void PutRaw(std::string_view value, const Parts&... key) {
    stage_.PutRaw(Table::kId, Table::Key::Encode(key...), value);
  }

 private:
  Stage& stage_;
};

struct IndexInfo {
  std::string_view name;
  uint8_t id;
  void (*keys)(const Row& row, IndexKeys& out);
  std::vector<std::string> (*describe)(std::string_view key);
};

struct TableInfo {
  std::string_view name;
  uint8_t id;
  // What the stored rows are; null for raw bytes.
  const google::protobuf::Message* prototype;
  // An empty row; null for raw bytes.
  std::unique_ptr<Row> (*make_row)();
  std::vector<IndexInfo> indexes;
  std::vector<std::string> (*describe)(std::string_view key);
};

// A view with its types erased: what the engine, the driver and the auditor work with.
class Projection {
 public:
  std::string_view name;
  int32_t version = 0;
  std::vector<TableInfo> tables;
  bool takes_refused = false;
  bool takes_all = false;
  // Null if the view names no rows ahead.
  void (*ahead)(const events::v1::Event& event, RowsAhead& rows) = nullptr;

  bool Wants(int body_tag) const { return all_ != nullptr || Find(body_tag) != nullptr; }

  // Folds one event in. Exceptions pass through: the caller parks the event.
  Outcome Apply(const RecordedEvent& record, Stage& stage) const {
    if (all_ != nullptr) return all_(record, stage);
    const Fold fold = Find(record.event->body_case());
    return fold == nullptr ? Ignored() : fold(record, stage);
  }

  const TableInfo* FindTable(std::string_view table_name) const {
    for (const TableInfo& table : tables)
      if (table.name == table_name) return &table;
    return nullptr;
  }

  using Fold = Outcome (*)(const RecordedEvent&, Stage&);
  void SetFold(int body_tag, Fold fold) {
    if (folds_.size() <= static_cast<size_t>(body_tag)) folds_.resize(body_tag + 1, nullptr);
    folds_[body_tag] = fold;
  }
  void SetFoldOfAll(Fold fold) { all_ = fold; }

 private:
  Fold Find(int body_tag) const {
    return static_cast<size_t>(body_tag) < folds_.size() ? folds_[body_tag] : nullptr;
  }
  std::vector<Fold> folds_;  // by the body's tag
  Fold all_ = nullptr;
};

namespace internal {

// The field of Event's oneof that has this message type.
inline const google::protobuf::FieldDescriptor* BodyField(const google::protobuf::Descriptor* body) {
  const auto* oneof = events::v1::Event::descriptor()->FindOneofByName("body");
  for (int i = 0; i < oneof->field_count(); ++i)
    if (oneof->field(i)->message_type() == body) return oneof->field(i);
  return nullptr;
}

template <class P, class Body>
Outcome FoldOne(const RecordedEvent& record, Stage& stage) {
  static const auto* field = BodyField(Body::descriptor());
  const auto& body = static_cast<const Body&>(events::v1::Event::GetReflection()->GetMessage(*record.event, field));
  View<P> view(stage);
  return P::Apply(Recorded<Body>{body, record}, view);
}

template <class P>
Outcome FoldAny(const RecordedEvent& record, Stage& stage) {
  View<P> view(stage);
  return P::Apply(Recorded<events::v1::Event>{*record.event, record}, view);
}

template <class P, class... Bodies>
void AddFolds(Projection& projection, TypeList<Bodies...>) {
  (projection.SetFold(BodyField(Bodies::descriptor())->number(), &FoldOne<P, Bodies>), ...);
}
template <class P>
void AddFolds(Projection& projection, AllEvents) {
  projection.SetFoldOfAll(&FoldAny<P>);
}

template <class Table, class Index>
void AddIndexIfOf(TableInfo& info) {
  if constexpr (std::same_as<typename Index::Of, Table>) {
    info.indexes.push_back({Index::kName, Index::kId,
                            [](const Row& row, IndexKeys& out) {
                              Index::Keys(static_cast<const RowOf<typename Table::Row>&>(row).value, out);
                            },
                            &Index::Key::Describe});
  }
}

template <class Table, class... Indexes>
TableInfo DescribeTable(TypeList<Indexes...>) {
  TableInfo info{Table::kName, Table::kId, nullptr, nullptr, {}, &Table::Key::Describe};
  if constexpr (!std::same_as<typename Table::Row, RawBytes>) {
    info.prototype = &RowMessage<typename Table::Row>::default_instance();
    info.make_row = []() -> std::unique_ptr<Row> { return std::make_unique<RowOf<typename Table::Row>>(); };
  }
  (AddIndexIfOf<Table, Indexes>(info), ...);
  return info;
}

template <class P, class... Tables>
void AddTables(Projection& projection, TypeList<Tables...>) {
  (projection.tables.push_back(DescribeTable<Tables>(typename P::Indexes())), ...);
}

}  // namespace internal

// The view declared by P, with its types erased. Lives for ever.
template <class P>
const Projection& Describe() {
  static const Projection* projection = [] {
    auto* made = new Projection;
    made->name = P::kName;
    made->version = P::kVersion;
    if constexpr (requires { P::kTakesRefused; }) made->takes_refused = P::kTakesRefused;
    if constexpr (requires { P::kTakesAll; }) made->takes_all = P::kTakesAll;
    if constexpr (requires { &P::Ahead; }) made->ahead = &P::Ahead;
    internal::AddTables<P>(*made, typename P::Tables());
    internal::AddFolds<P>(*made, typename P::Events());
    return made;
  }();
  return *projection;
}

}  // namespace kefu::sdk
