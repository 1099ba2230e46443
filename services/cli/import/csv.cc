#include "services/cli/import/csv.h"

#include <algorithm>
#include <string_view>

#include "platform/base/reason.h"
#include "platform/event/utf8.h"

namespace kefu::cli {
namespace {

constexpr size_t kBlock = 1 << 18;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

StatusOr<std::unique_ptr<CsvReader>> CsvReader::Open(const std::string& path, const CsvOptions& options) {
  ASSIGN_OR_RETURN(auto file, InputFile::Open(path));
  std::unique_ptr<CsvReader> reader(new CsvReader(std::move(file), options));
  CsvRow row;
  ASSIGN_OR_RETURN(const bool found, reader->NextRecord(&row));
  if (!found) return InvalidArgument("{} is empty: a CSV file begins with a row of column names", path);
  if (!row.problem.ok()) return Annotate(row.problem, path);
  if (std::string& first = row.cells.front(); first.starts_with(kByteOrderMark)) first.erase(0, kByteOrderMark.size());
  reader->header_ = std::move(row.cells);
  return reader;
}

StatusOr<bool> CsvReader::Next(CsvRow* row) {
  ASSIGN_OR_RETURN(const bool found, NextRecord(row));
  if (!found) return false;
  if (row->problem.ok() && row->cells.size() != header_.size()) {
    row->problem = WithReason(
        InvalidArgument("line {}: {} cells where the header has {}", row->line, row->cells.size(), header_.size()),
        "RAGGED_ROW");
  }
  if (row->problem.ok() && !event::IsUtf8(row->raw))
    row->problem = WithReason(InvalidArgument("line {}: not UTF-8", row->line), "NOT_UTF8");
  return true;
}

StatusOr<int> CsvReader::Peek() {
  if (next_ < buffer_.size()) return static_cast<unsigned char>(buffer_[next_]);
  if (at_end_) return -1;
  buffer_.erase(0, record_);
  next_ -= record_;
  record_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + kBlock);
  auto got = file_->Read(buffer_.data() + before, kBlock);
  buffer_.resize(before + (got.ok() ? *got : 0));
  if (!got.ok()) return got.status();
  if (*got == 0) {
    at_end_ = true;
    return -1;
  }
  return static_cast<unsigned char>(buffer_[next_]);
}

StatusOr<bool> CsvReader::NextRecord(CsvRow* row) {
  for (;;) {
    record_ = next_;
    ASSIGN_OR_RETURN(int byte, Peek());
    if (byte < 0) return false;
    if (byte == '\r') {
      ++next_;
      ASSIGN_OR_RETURN(byte, Peek());
      if (byte != '\n') --next_;
    }
    if (byte != '\n') break;
    ++next_;
    ++line_;
  }
  row->line = line_;
  row->cells.clear();
  row->problem = OkStatus();
  const Status parsed = ParseRecord(row);
  if (!parsed.ok()) {
    // A problem of the record has a reason; without one it is the file that cannot be read.
    if (ReasonOf(parsed).empty()) return parsed;
    row->problem = parsed;
    RETURN_IF_ERROR(SkipLine());
  }
  std::string_view raw(buffer_.data() + record_, next_ - record_);
  line_ += std::count(raw.begin(), raw.end(), '\n');
  while (raw.ends_with('\n') || raw.ends_with('\r')) raw.remove_suffix(1);
  row->raw = raw;
  return true;
}

Status CsvReader::ParseRecord(CsvRow* row) {
  for (;;) {
    std::string& cell = row->cells.emplace_back();
    ASSIGN_OR_RETURN(int byte, Peek());
    const bool quoted = byte == '"';
    if (quoted) RETURN_IF_ERROR(ParseQuoted(&cell));
    for (;;) {
      ASSIGN_OR_RETURN(byte, Peek());
      if (byte < 0) return OkStatus();
      ++next_;
      if (byte == options_.delimiter || byte == '\n') break;
      if (byte == '\r') {
        ASSIGN_OR_RETURN(const int after, Peek());
        if (after == '\n' || after < 0) continue;
      }
      if (quoted) return WithReason(InvalidArgument("line {}: text after a closing quote", line_), "TEXT_AFTER_QUOTE");
      if (next_ - record_ > options_.max_record_bytes)
        return WithReason(InvalidArgument("line {}: longer than {} bytes", line_, options_.max_record_bytes),
                          "TOO_LONG");
      cell.push_back(static_cast<char>(byte));
    }
    if (byte == '\n') return OkStatus();
  }
}

Status CsvReader::ParseQuoted(std::string* cell) {
  ++next_;
  for (;;) {
    ASSIGN_OR_RETURN(int byte, Peek());
    if (byte < 0 || next_ - record_ > options_.max_record_bytes)
      return WithReason(InvalidArgument("line {}: a quote is opened and not closed", line_), "UNCLOSED_QUOTE");
    ++next_;
    if (byte == '"') {
      ASSIGN_OR_RETURN(byte, Peek());
      if (byte != '"') return OkStatus();
      ++next_;
    }
    cell->push_back(static_cast<char>(byte));
  }
}

Status CsvReader::SkipLine() {
  if (const size_t end = buffer_.find('\n', record_); end < next_) {
    next_ = end + 1;
    return OkStatus();
  }
  // A line without end is given up in pieces, so that it cannot fill the memory.
  while (next_ - record_ <= 2 * options_.max_record_bytes) {
    ASSIGN_OR_RETURN(const int byte, Peek());
    if (byte < 0) break;
    ++next_;
    if (byte == '\n') break;
  }
  return OkStatus();
}

}  // namespace kefu::cli
