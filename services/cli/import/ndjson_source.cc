#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "platform/base/reason.h"
#include "platform/event/utf8.h"
#include "services/cli/import/event_source.h"
#include "services/cli/import/input_file.h"

namespace kefu::cli {
namespace {

// The largest event has 256 KiB; its JSON is a few times that.
constexpr size_t kMaxLine = size_t{4} << 20;
constexpr size_t kBlock = 1 << 18;

class NdjsonSource final : public EventSource {
 public:
  explicit NdjsonSource(std::unique_ptr<InputFile> file) : file_(std::move(file)) {}

  StatusOr<bool> Next(ImportItem* item) override {
    std::string text;
    Status problem;
    do {
      problem = OkStatus();
      ASSIGN_OR_RETURN(const bool more, NextLine(&text, &problem));
      if (!more) return false;
      ++line_;
    } while (problem.ok() && text.find_first_not_of(" \t") == std::string::npos);
    ++counts_.rows;
    *item = ImportItem{.line = line_};
    if (problem.ok()) problem = ParseEvent(text, &item->event);
    if (problem.ok()) {
      ++counts_.mapped;
    } else {
      ++counts_.quarantined;
      item->event.Clear();
      item->problem = std::move(problem);
      item->raw = std::move(text);
    }
    return true;
  }

  const ImportCounts& counts() const override { return counts_; }

 private:
  static Status ParseEvent(const std::string& text, events::v1::Event* event) {
    if (!event::IsUtf8(text)) return WithReason(InvalidArgument("not UTF-8"), "NOT_UTF8");
    const auto parsed = google::protobuf::util::JsonStringToMessage(text, event);
    if (parsed.ok()) return OkStatus();
    // protobuf's own message may quote the line, and with it a person's name.
    return WithReason(InvalidArgument("no Event in JSON"), "NOT_JSON");
  }

  // False at the end. A line that is too long is cut, and `problem` says so.
  StatusOr<bool> NextLine(std::string* text, Status* problem) {
    bool cut = false;
    text->clear();
    for (;;) {
      const size_t end = buffer_.find('\n', next_);
      const size_t stop = end == std::string::npos ? buffer_.size() : end;
      const size_t room = kMaxLine - text->size();
      cut |= stop - next_ > room;
      text->append(buffer_, next_, std::min(stop - next_, room));
      next_ = end == std::string::npos ? stop : end + 1;
      if (end != std::string::npos) break;
      buffer_.resize(kBlock);
      next_ = 0;
      auto got = file_->Read(buffer_.data(), kBlock);
      buffer_.resize(got.ok() ? *got : 0);
      if (!got.ok()) return got.status();
      if (*got == 0 && text->empty()) return false;
      if (*got == 0) break;
    }
    if (text->ends_with('\r')) text->pop_back();
    if (cut) *problem = WithReason(InvalidArgument("longer than {} bytes", kMaxLine), "TOO_LONG");
    return true;
  }

  const std::unique_ptr<InputFile> file_;
  std::string buffer_;
  size_t next_ = 0;
  int64_t line_ = 0;
  ImportCounts counts_;
};

}  // namespace

StatusOr<std::unique_ptr<EventSource>> OpenNdjsonSource(const std::string& path) {
  ASSIGN_OR_RETURN(auto file, InputFile::Open(path));
  return std::make_unique<NdjsonSource>(std::move(file));
}

}  // namespace kefu::cli
