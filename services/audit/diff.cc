#include "services/audit/diff.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "kefu/query/v1/case.pb.h"
#include "kefu/query/v1/client.pb.h"
#include "platform/base/hash.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/past/client_history.h"
#include "services/audit/as_of.h"
#include "services/audit/leaf_index.h"

namespace kefu::audit {
namespace {

using nlohmann::json;

StatusOr<json> JsonOf(const google::protobuf::Message* message) {
  if (message == nullptr) return json::object();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(*message, &text, options).ok())
    return DataLoss("a row of {} has no JSON form", message->GetDescriptor()->full_name());
  return json::parse(text);
}

class Changes {
 public:
  Changes(const std::string& resource, v1::DiffClientResponse* response) : resource_(resource), response_(response) {}

  void Compare(const std::string& path, const json& before, const json& after) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) return CompareObjects(path, before, after);
    if (before.is_array() || after.is_array()) return CompareLists(path, before, after);
    Add(path, before, after);
  }

 private:
  // What is not there counts as an empty object where the other is one, so that its fields are told one by one.
  void CompareObjects(const std::string& path, const json& before, const json& after) {
    std::map<std::string, std::pair<const json*, const json*>> fields;
    for (const auto& [name, value] : before.items()) fields[name].first = &value;
    for (const auto& [name, value] : after.items()) fields[name].second = &value;
    static const json kNothing = json::object();
    for (const auto& [name, values] : fields) {
      const auto& [old_value, new_value] = values;
      const std::string inner = path.empty() ? name : path + "." + name;
      const bool is_object = (old_value != nullptr ? old_value : new_value)->is_object();
      const json& missing = is_object ? kNothing : kNull;
      Compare(inner, old_value == nullptr ? missing : *old_value, new_value == nullptr ? missing : *new_value);
    }
  }

  void CompareLists(const std::string& path, const json& before, const json& after) {
    std::vector<json> gone = before.is_array() ? before.get<std::vector<json>>() : std::vector<json>();
    std::vector<json> come;
    for (const json& element : after.is_array() ? after.get<std::vector<json>>() : std::vector<json>()) {
      const auto same = std::find(gone.begin(), gone.end(), element);
      if (same == gone.end()) {
        come.push_back(element);
      } else {
        gone.erase(same);
      }
    }
    for (const json& element : gone) Add(path, element, kNull);
    for (const json& element : come) Add(path, kNull, element);
  }

  void Add(const std::string& path, const json& before, const json& after) {
    auto& change = *response_->add_changes();
    change.set_resource(resource_);
    change.set_field(path);
    if (!before.is_null()) change.set_before(before.dump());
    if (!after.is_null()) change.set_after(after.dump());
  }

  static inline const json kNull = nullptr;
  const std::string& resource_;
  v1::DiffClientResponse* response_;
};

// What one moment shows.
struct Shown {
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<past::ClientHistory> history;
  std::optional<query::v1::Client> client;
  std::map<std::string, query::v1::Case> cases;
};

class Look {
 public:
  Look(const engine::Engine& live, past::KnownBroadcasts& broadcasts, std::string client_id)
      : live_(live),
        broadcasts_(broadcasts),
        client_id_(std::move(client_id)),
        home_(PartitionForKey(client_id_, live.partitions())) {}

  StatusOr<Shown> At(const past::ClientsCut& cut) const {
    Shown shown;
    ASSIGN_OR_RETURN(shown.engine, past::OpenClientsAsOf(live_, broadcasts_, cut));
    past::PartitionCut of_home{cut.recorded, std::nullopt};
    if (cut.position.has_value()) of_home.next = Offset(cut.position->next_offsets[static_cast<size_t>(home_.value())]);
    ASSIGN_OR_RETURN(shown.history, past::ClientHistory::Read(*live_.At(home_), client_id_, of_home));
    const auto partition = shown.engine->At(home_);
    store::PinnedValue row;
    ASSIGN_OR_RETURN(const bool found, partition->Get("client", "clients", codec::Key(client_id_), &row));
    if (found) {
      shown.client.emplace();
      RETURN_IF_ERROR(Parse(row.view(), &*shown.client));
    }
    const std::string prefix = codec::Key(client_id_);
    ASSIGN_OR_RETURN(const auto cases, partition->Scan("case", "by_client", prefix, codec::PrefixEnd(prefix)));
    for (; cases->Valid(); cases->Next()) {
      ASSIGN_OR_RETURN(const bool there, partition->Get("case", "cases", cases->value(), &row));
      if (!there) return DataLoss("an index of cases names a row that is not there");
      query::v1::Case one;
      RETURN_IF_ERROR(Parse(row.view(), &one));
      shown.cases[one.case_id()] = std::move(one);
    }
    return shown;
  }

  // What the later one has and the earlier one has not.
  Status AddEvents(const past::ClientHistory& before, const past::ClientHistory& after,
                   v1::DiffClientResponse* response) const {
    int64_t bytes = 0;
    ASSIGN_OR_RETURN(const LeafIndexer leaves, LeafIndexer::Open(live_.At(home_)));
    for (size_t i = before.entries().size(); i < after.entries().size(); ++i) {
      const auto& entry = after.entries()[i];
      bytes += static_cast<int64_t>(entry.bytes.size());
      if (bytes > kMostDiffBytes)
        return WithReason(FailedPrecondition("more was recorded in between than an answer holds; take moments that are closer, "
                                             "or AuditService.Replay"),
                          "DIFF_TOO_LARGE");
      auto& event = *response->add_events();
      event.set_partition(home_.value());
      event.set_offset(entry.offset.value());
      event.set_record(entry.bytes.data(), entry.bytes.size());
      *event.mutable_verdict() = *entry.verdict;
      ASSIGN_OR_RETURN(const int64_t leaf_index, leaves.LeafOf(entry.offset));
      event.set_leaf_index(leaf_index);
    }
    return OkStatus();
  }

 private:
  static Status Parse(std::string_view stored, google::protobuf::Message* row) {
    if (row->ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return OkStatus();
    return DataLoss("a row of {} cannot be read", row->GetDescriptor()->full_name());
  }

  const engine::Engine& live_;
  past::KnownBroadcasts& broadcasts_;
  const std::string client_id_;
  const Partition home_;
};

StatusOr<past::ClientsCut> CutOf(const v1::AsOf& as_of, std::string_view field, const log::LogIdentity& log,
                                 absl::Time now) {
  ASSIGN_OR_RETURN(const past::Asked asked, ReadAsOf(as_of, field, log, now));
  if (asked.occurred.has_value())
    return WithReason(FailedPrecondition("{}: by occurred time admission may decide otherwise about what is left; give a "
                                         "recorded time or a position",
                                         field),
                      "AS_OF_NEEDS_MOMENT", field);
  return past::ClientsCut{asked.recorded, asked.position};
}

StatusOr<std::string> ClientNamed(std::string_view name) {
  constexpr std::string_view kPrefix = "clients/";
  const std::string_view id = name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : std::string_view();
  if (id.empty() || id == "-" || id.find('/') != std::string_view::npos)
    return WithReason(InvalidArgument("name \"{}\" is not \"clients/{{client}}\"", name.substr(0, 80)), "NAME_INVALID",
                      "name");
  return std::string(id);
}

template <class Row>
const Row* FindIn(const std::map<std::string, Row>& rows, const std::string& id) {
  const auto found = rows.find(id);
  return found == rows.end() ? nullptr : &found->second;
}

}  // namespace

Status AddChanges(const std::string& resource, const google::protobuf::Message* before,
                  const google::protobuf::Message* after, v1::DiffClientResponse* response) {
  ASSIGN_OR_RETURN(const json old_row, JsonOf(before));
  ASSIGN_OR_RETURN(const json new_row, JsonOf(after));
  Changes(resource, response).Compare("", old_row, new_row);
  return OkStatus();
}

Status ClientDiff::Answer(const v1::DiffClientRequest& request, absl::Time now, v1::DiffClientResponse* response) {
  ASSIGN_OR_RETURN(const std::string client_id, ClientNamed(request.name()));
  ASSIGN_OR_RETURN(const past::ClientsCut from, CutOf(request.from(), "from", engine_.log_identity(), now));
  past::ClientsCut until;
  if (request.has_until()) {
    ASSIGN_OR_RETURN(until, CutOf(request.until(), "until", engine_.log_identity(), now));
  } else {
    until.position = engine_.CurrentPosition();
  }
  const Look look(engine_, broadcasts_, client_id);
  ASSIGN_OR_RETURN(const Shown before, look.At(from));
  ASSIGN_OR_RETURN(const Shown after, look.At(until));
  if (before.history->entries().size() > after.history->entries().size())
    return WithReason(InvalidArgument("from is later than until"), "MOMENTS_REVERSED", "from");
  if (after.history->entries().empty())
    return WithReason(NotFound("nothing was recorded of client \"{}\" until then", client_id), "CLIENT_NOT_FOUND", "name");
  RETURN_IF_ERROR(AddChanges("clients/" + client_id, before.client ? &*before.client : nullptr,
                             after.client ? &*after.client : nullptr, response));
  std::map<std::string, query::v1::Case> cases = before.cases;
  cases.insert(after.cases.begin(), after.cases.end());
  for (const auto& [id, row] : cases)
    RETURN_IF_ERROR(AddChanges(fmt::format("clients/{}/cases/{}", client_id, id), FindIn(before.cases, id),
                               FindIn(after.cases, id), response));
  RETURN_IF_ERROR(look.AddEvents(*before.history, *after.history, response));
  response->set_from_position(before.engine->CurrentPosition().Encode());
  response->set_until_position(after.engine->CurrentPosition().Encode());
  return OkStatus();
}

}  // namespace kefu::audit
