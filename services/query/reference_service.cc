#include <grpcpp/support/server_callback.h>

#include "kefu/query/v1/reference.grpc.pb.h"
#include "platform/base/reason.h"
#include "platform/codec/key.h"
#include "projections/reference/reference.h"
#include "services/query/page.h"
#include "services/query/past.h"
#include "services/query/query_services.h"
#include "services/query/unary.h"
#include "services/query/units.h"

namespace kefu::query {
namespace {

namespace v1 = query::v1;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using reference::Items;
using reference::Progress;
using reference::ReferenceView;

// The word in a name that stands for the newest version.
constexpr std::string_view kNewest = "-";

StatusOr<v1::Reference> Decode(std::string_view stored) {
  v1::Reference row;
  if (!row.ParseFromArray(stored.data(), static_cast<int>(stored.size())))
    return DataLoss("a row of the view \"reference\" cannot be read; rebuild the view");
  return row;
}

std::string ItemPrefix(v1::ReferenceKind kind, std::string_view id) {
  return codec::Key(static_cast<int32_t>(kind), id);
}

// By partition: the offset in partition 0 of the newest copy; -1 where there is none, or nothing can be read.
std::vector<int64_t> ReadProgress(const Moment& moment) {
  std::vector<int64_t> copied;
  for (const auto& partition : moment.partitions()) {
    store::PinnedValue bytes;
    reference::CopyProgress progress;
    const auto found = partition->Get(ReferenceView::kName, Progress::kName,
                                      Progress::Key::Encode(reference::kProgressKey), &bytes);
    const std::string_view stored = bytes.view();
    const bool read =
        found.ok() && *found && progress.ParseFromArray(stored.data(), static_cast<int>(stored.size()));
    copied.push_back(read ? progress.first_offset() : -1);
  }
  return copied;
}

void SetMissing(const std::vector<int64_t>& copied, v1::Reference* row) {
  for (size_t p = 0; p < copied.size(); ++p)
    if (static_cast<int32_t>(p) != kReferenceHome.value() && copied[p] < row->offset())
      row->add_missing_partitions(static_cast<int32_t>(p));
}

class ReferenceService final : public v1::ReferenceService::CallbackService {
 public:
  ReferenceService(engine::Engine& engine, const QueryOptions& options)
      : engine_(engine), past_(engine, options), tokens_(options.token_key) {}

  ServerUnaryReactor* ListReferences(CallbackServerContext* context, const v1::ListReferencesRequest* request,
                                     v1::ListReferencesResponse* response) override {
    if (auto* past = past_.Answer(context, &ReferenceService::ListReferences, request, response)) return past;
    return AnswerWhenReached(context, engine_, ReferenceView::kName, Position(request->min_position()),
                             [=, this] { return List(KeepsGoing(context), *request, response); });
  }

  ServerUnaryReactor* GetReference(CallbackServerContext* context, const v1::GetReferenceRequest* request,
                                   v1::Reference* response) override {
    if (auto* past = past_.Answer(context, &ReferenceService::GetReference, request, response)) return past;
    return AnswerWhenReached(context, engine_, ReferenceView::kName, Position(request->min_position()),
                             [=, this] { return Get(request->name(), response); });
  }

 private:
  // Only partition 0 holds what is asked for; a caller may name a position of everything.
  StatusOr<std::optional<log::Position>> Position(const std::string& text) const {
    ASSIGN_OR_RETURN(auto position, ReadPosition(engine_, text, "min_position"));
    if (position.has_value()) position = OnlyPartition(*std::move(position), kReferenceHome);
    return position;
  }

  static const engine::PartitionView& HomeOf(const Moment& moment) {
    return *moment.partitions()[static_cast<size_t>(kReferenceHome.value())];
  }

  // Walks the versions of an item, newest first, until `take` has what it wants.
  static Status EachVersion(const engine::PartitionView& home, v1::ReferenceKind kind, std::string_view id,
                            const std::function<bool(v1::Reference&)>& take) {
    const std::string prefix = ItemPrefix(kind, id);
    ASSIGN_OR_RETURN(const auto cursor, home.Scan(ReferenceView::kName, Items::kName, prefix, codec::PrefixEnd(prefix),
                                                  store::Order::kDescending));
    for (; cursor->Valid(); cursor->Next()) {
      ASSIGN_OR_RETURN(v1::Reference row, Decode(cursor->value()));
      if (take(row)) return OkStatus();
    }
    return cursor->status();
  }

  Status Get(const std::string& name, v1::Reference* response) const {
    constexpr std::string_view kCollection = "references/";
    const std::string_view rest = name.starts_with(kCollection) ? std::string_view(name).substr(kCollection.size())
                                                                 : std::string_view();
    const size_t slash = rest.find('/');
    const auto kind = reference::KindOf(rest.substr(0, slash));
    if (slash == rest.npos || kind == v1::REFERENCE_KIND_UNSPECIFIED)
      return WithReason(InvalidArgument("name \"{}\" is not of the form \"references/{{kind}}/{{id}}/{{version}}\", "
                                        "with a kind such as calendar, policy_pack or unit",
                                        name.substr(0, 160)),
                        "NAME_INVALID", "name");
    const Moment moment = Moment::Now(engine_);
    const std::string_view id_and_version = rest.substr(slash + 1);
    bool found = false;
    // Ids and editions may have slashes in them; whichever way of cutting there is such a version.
    for (size_t cut = id_and_version.rfind('/'); !found && cut != id_and_version.npos && cut > 0;
         cut = id_and_version.rfind('/', cut - 1)) {
      const std::string_view version = id_and_version.substr(cut + 1);
      RETURN_IF_ERROR(EachVersion(HomeOf(moment), kind, id_and_version.substr(0, cut), [&](v1::Reference& row) {
        found = version == kNewest || row.version() == version;
        if (found) *response = std::move(row);
        return found;
      }));
    }
    if (!found) return WithReason(NotFound("\"{}\" was never published", name), "REFERENCE_NOT_FOUND", "name");
    SetMissing(ReadProgress(moment), response);
    response->set_position(moment.PositionOf(ReferenceView::kName));
    return OkStatus();
  }

  Status List(const std::function<Status()>& keeps_going, const v1::ListReferencesRequest& request,
              v1::ListReferencesResponse* response) const {
    ASSIGN_OR_RETURN(const int32_t size, PageSize(request.page_size()));
    if (!v1::ReferenceKind_IsValid(request.kind()))
      return WithReason(InvalidArgument("kind {} is none", static_cast<int>(request.kind())), "ENUM_UNKNOWN", "kind");
    if (!request.reference_id().empty() && request.kind() == v1::REFERENCE_KIND_UNSPECIFIED)
      return WithReason(InvalidArgument("kind: needed with reference_id"), "KIND_MISSING", "kind");
    const std::string hash =
        PageTokens::QueryHash({"ListReferences", std::to_string(request.kind()), request.reference_id()});
    ASSIGN_OR_RETURN(const std::string after, tokens_.Open(request.page_token(), hash));
    const Moment moment = Moment::Now(engine_);
    ASSIGN_OR_RETURN(const std::string cursor, request.reference_id().empty()
                                                   ? ListNewest(HomeOf(moment), request.kind(), after, size,
                                                                keeps_going, response)
                                                   : ListVersions(HomeOf(moment), request, after, size, response));
    const std::vector<int64_t> copied = ReadProgress(moment);
    for (v1::Reference& row : *response->mutable_references()) {
      row.clear_event();
      SetMissing(copied, &row);
    }
    if (!cursor.empty()) response->set_next_page_token(tokens_.Make(hash, cursor));
    response->set_position(moment.PositionOf(ReferenceView::kName));
    return OkStatus();
  }

  // The newest of each item, by kind and id. A cursor is the prefix of the item shown last.
  StatusOr<std::string> ListNewest(const engine::PartitionView& home, v1::ReferenceKind kind, const std::string& after,
                                   int32_t size, const std::function<Status()>& keeps_going,
                                   v1::ListReferencesResponse* response) const {
    const std::string all =
        kind == v1::REFERENCE_KIND_UNSPECIFIED ? std::string() : codec::Key(static_cast<int32_t>(kind));
    const std::string end = all.empty() ? std::string() : codec::PrefixEnd(all);
    std::string from = after.empty() ? all : codec::PrefixEnd(after);
    std::string last;
    for (int64_t examined = 1;; ++examined) {
      if (examined % kRowsBetweenChecks == 0) RETURN_IF_ERROR(keeps_going());
      ASSIGN_OR_RETURN(const auto cursor, home.Scan(ReferenceView::kName, Items::kName, from, end));
      if (!cursor->Valid()) {
        RETURN_IF_ERROR(cursor->status());
        return std::string();
      }
      if (response->references_size() == size) return last;
      ASSIGN_OR_RETURN(const v1::Reference first, Decode(cursor->value()));
      RETURN_IF_ERROR(EachVersion(home, first.kind(), first.reference_id(), [&](v1::Reference& row) {
        *response->add_references() = std::move(row);
        return true;
      }));
      last = ItemPrefix(first.kind(), first.reference_id());
      from = codec::PrefixEnd(last);
    }
  }

  // All versions of one, newest first. A cursor is the key shown last.
  StatusOr<std::string> ListVersions(const engine::PartitionView& home, const v1::ListReferencesRequest& request,
                                     const std::string& after, int32_t size,
                                     v1::ListReferencesResponse* response) const {
    const std::string prefix = ItemPrefix(request.kind(), request.reference_id());
    ASSIGN_OR_RETURN(const auto cursor, home.Scan(ReferenceView::kName, Items::kName, prefix,
                                                  after.empty() ? codec::PrefixEnd(prefix) : after,
                                                  store::Order::kDescending));
    std::string last;
    for (; cursor->Valid(); cursor->Next()) {
      if (response->references_size() == size) return last;
      ASSIGN_OR_RETURN(*response->add_references(), Decode(cursor->value()));
      last = std::string(cursor->key());
    }
    RETURN_IF_ERROR(cursor->status());
    return std::string();
  }

  engine::Engine& engine_;
  const PastOf<ReferenceService> past_;
  const PageTokens tokens_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReferenceService(engine::Engine& engine, const QueryOptions& options) {
  return std::make_unique<ReferenceService>(engine, options);
}

}  // namespace kefu::query
