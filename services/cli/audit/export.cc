#include "services/cli/audit/export.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "kefu/audit/v1/audit.grpc.pb.h"
#include "platform/base/time.h"
#include "platform/runtime/progress.h"
#include "platform/runtime/text.h"
#include "services/cli/audit/answers.h"
#include "services/cli/audit/bundle_writer.h"
#include "services/cli/audit/case_file.h"
#include "services/cli/audit/key_changes.h"
#include "services/cli/call.h"
#include "services/cli/output.h"

namespace kefu::cli {
namespace {

using audit::v1::ExportRequest;
using audit::v1::ExportResponse;

constexpr size_t kMaxNoteBytes = size_t{1} << 20;

StatusOr<std::string> ReadNote(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument("--since {}: cannot be read", path);
  std::string note(kMaxNoteBytes + 1, '\0');
  file.read(note.data(), static_cast<std::streamsize>(note.size()));
  note.resize(static_cast<size_t>(file.gcount()));
  if (file.bad()) return InvalidArgument("--since {}: cannot be read", path);
  if (note.empty() || note.size() > kMaxNoteBytes) return InvalidArgument("--since {}: is not a checkpoint", path);
  return note;
}

Status ReadTime(std::string_view flag, const std::string& text, google::protobuf::Timestamp* time) {
  const auto read = ParseRfc3339(text);
  if (!read.ok()) return InvalidArgument("{} \"{}\": say a time such as 2026-07-01T00:00:00+08:00", flag, text.substr(0, 80));
  *time = ToProto(*read);
  return OkStatus();
}

StatusOr<ExportRequest> RequestOf(const ExportOptions& options) {
  const bool has_range = options.partition >= 0 || !options.from.empty() || !options.until.empty() ||
                         !options.from_position.empty() || !options.until_position.empty();
  if (options.is_range() && !has_range)
    return InvalidArgument("say what to export: --client, --case, --partition, or a range by --from and --until");
  if (options.is_range() && !options.views.empty())
    return InvalidArgument("--view goes with --client or --case; a range of the log has no view");
  if (options.is_range() && !options.views_of.empty())
    return InvalidArgument("--views-of goes with --client or --case; a range of the log has no view");
  ExportRequest request;
  *request.mutable_access() = options.access;
  auto& events = *request.mutable_events();
  events.set_client_id(options.client);
  events.set_case_id(options.case_id);
  events.set_from_position(options.from_position);
  events.set_until_position(options.until_position);
  if (options.partition >= 0) events.set_partition(options.partition);
  if (!options.from.empty()) RETURN_IF_ERROR(ReadTime("--from", options.from, events.mutable_recorded_from()));
  if (!options.until.empty()) RETURN_IF_ERROR(ReadTime("--until", options.until, events.mutable_recorded_until()));
  for (const std::string& path : options.since) {
    ASSIGN_OR_RETURN(*request.add_since_notes(), ReadNote(path));
  }
  request.set_leave_out_unsigned(options.unsigned_tail);
  return request;
}

StatusOr<ViewsOf> ViewsAsked(const Tool& tool, const ExportOptions& options) {
  const bool of_moment = !tool.options().moment.empty();
  if (of_moment && !options.views_of.empty())
    return InvalidArgument("--views-of {} and --moment {}: say one of them", options.views_of, tool.options().moment);
  if (of_moment) return ViewsOf::kMoment;
  if (options.views_of.empty() || options.views_of == "checkpoint") return ViewsOf::kCheckpoint;
  if (options.views_of == "now") return ViewsOf::kNow;
  return InvalidArgument("--views-of {}: there are checkpoint and now", options.views_of.substr(0, 80));
}

std::string Asked(const ExportOptions& options) {
  std::string what = "all records";
  if (!options.client.empty()) what = "client " + options.client;
  if (!options.case_id.empty())
    what = "case " + options.case_id + (options.client.empty() ? "" : " of client " + options.client);
  if (options.partition >= 0) what += fmt::format(" of partition {}", options.partition);
  if (!options.from.empty()) what += ", recorded from " + options.from;
  if (!options.until.empty()) what += ", recorded until " + options.until;
  if (!options.from_position.empty()) what += ", from position " + options.from_position;
  if (!options.until_position.empty()) what += ", until position " + options.until_position;
  return what;
}

// Takes the stream apart: records to the bundle, and read for the papers.
class Taker {
 public:
  Taker(Tool& tool, const ExportOptions& options, BundleWriter* writer, CaseFile* file, RangeCounts* counts)
      : progress_(tool.ProgressOf("exporting", "records", 0)),
        keep_events_(!options.is_range()),
        writer_(*writer),
        file_(*file),
        counts_(*counts) {}

  Status Take(const ExportResponse& response) {
    switch (response.part_case()) {
      case ExportResponse::kProgress:
        progress_.SetNote(fmt::format("waiting for a checkpoint over {} records of partition {}; it is over {}",
                                      runtime::WithThousands(response.progress().needed_size()),
                                      response.progress().partition(),
                                      runtime::WithThousands(response.progress().signed_size())));
        progress_.Update(0);
        return OkStatus();
      case ExportResponse::kHead:
        file_.head = response.head();
        progress_.SetNote("");
        progress_.SetTotal(file_.head.record_count());
        return writer_.Begin(file_.head);
      case ExportResponse::kRecords:
        return TakeRecords(response.records());
      case ExportResponse::kEnd:
        complete_ = true;
        return OkStatus();
      default:
        // A part that a newer server adds.
        return OkStatus();
    }
  }

  // Did everything come?
  Status Finish() {
    progress_.Finish();
    return complete_ ? OkStatus() : Cancelled("the export broke off; nothing of it is kept");
  }

 private:
  Status TakeRecords(const audit::v1::ExportRecords& records) {
    for (const auto& record : records.records()) {
      RETURN_IF_ERROR(writer_.Add(record));
      FiledEvent filed = Filed(record.event());
      if (keep_events_)
        file_.events.push_back(std::move(filed));
      else
        counts_.Add(filed);
      progress_.Update(++taken_);
    }
    return OkStatus();
  }

  runtime::Progress progress_;
  const bool keep_events_;
  BundleWriter& writer_;
  CaseFile& file_;
  RangeCounts& counts_;
  int64_t taken_ = 0;
  bool complete_ = false;
};

Status WritePages(const ExportOptions& options, const CaseFile& file, const RangeCounts& counts, BundleWriter* writer) {
  if (options.is_range()) return writer->AddPage("summary.txt", TextOf(counts.Paper(file)));
  const bool is_case = !options.case_id.empty();
  const Document document = is_case ? CaseDocument(file) : ClientDocument(file);
  RETURN_IF_ERROR(writer->AddPage("summary.txt", TextOf(document)));
  return writer->AddPage(is_case ? "case.html" : "client.html", HtmlOf(document));
}

void Tell(const Tool& tool, const ExportOptions& options, const CaseFile& file, const std::string& views_of) {
  const auto& head = file.head;
  int64_t covered = 0;
  for (const auto& partition : head.newest().signed_().partitions()) covered += partition.size();
  if (tool.json()) {
    nlohmann::ordered_json line = {{"directory", options.out},
                                   {"records", head.record_count()},
                                   {"unsignedRecords", head.unsigned_count()},
                                   {"checkpoint", head.newest().name()},
                                   {"verifierKey", head.verifier_key()}};
    if (!views_of.empty()) line["viewsOf"] = views_of;
    fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    std::fflush(stdout);
    return;
  }
  PrintDetails({{"Bundle", options.out},
                {"Records", runtime::WithThousands(head.record_count())},
                {"Left out", head.unsigned_count() == 0
                                 ? ""
                                 : fmt::format("{} that no checkpoint covers yet",
                                               runtime::WithThousands(head.unsigned_count()))},
                {"Checkpoint", fmt::format("over {} records", runtime::WithThousands(covered))},
                {"Views", views_of.empty() ? "" : "of " + views_of},
                {"Check it", fmt::format("kefu-verify {} --key-file KEY", options.out)}});
  Remark(tool, "It holds personal data: only you can read it. Take the key from elsewhere than the bundle.");
}

}  // namespace

Status ExportBundle(Tool& tool, const ExportOptions& options) {
  ASSIGN_OR_RETURN(const ExportRequest request, RequestOf(options));
  ASSIGN_OR_RETURN(const ViewsOf views_of, ViewsAsked(tool, options));
  ASSIGN_OR_RETURN(const auto writer, BundleWriter::Create(options.out));
  CaseFile file;
  RangeCounts counts;
  Taker taker(tool, options, writer.get(), &file, &counts);
  const Status followed = Follow(tool, &audit::v1::AuditService::Stub::Export, request,
                                 [&](const ExportResponse& response) { return taker.Take(response); });
  const Status finished = taker.Finish();
  RETURN_IF_ERROR(followed);
  RETURN_IF_ERROR(finished);
  BundleFacts facts;
  facts.asked = file.asked = Asked(options);
  facts.request = request;
  facts.program_version = file.program_version = options.program_version;
  file.asked_by = request.access().actor_id();
  file.reason = request.access().reason();
  file.case_id = options.case_id;
  file.zone.offsets.set_name("UTC");
  if (!options.is_range()) {
    AskedMoment moment(tool, views_of, request.access(), file.head.newest().position());
    facts.views_of = moment.Name();
    file.views_of = moment.Words();
    RETURN_IF_ERROR(TakeAnswers(tool, options.views, moment, &file, writer.get()));
  }
  const std::vector<KeyChange> chain = ChainTo(file.head.newest().signed_().note(), file.head.key_changes());
  for (size_t i = 0; i < chain.size(); ++i)
    RETURN_IF_ERROR(writer->AddPage(fmt::format("checkpoints/key-change-{}.note", i), chain[i].changed().statement()));
  RETURN_IF_ERROR(WritePages(options, file, counts, writer.get()));
  RETURN_IF_ERROR(writer->Commit(facts));
  Tell(tool, options, file, facts.views_of);
  return OkStatus();
}

}  // namespace kefu::cli
