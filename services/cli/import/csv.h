#pragma once

// Reads CSV as RFC 4180 has it: quotes, doubled quotes, line breaks inside quotes, CRLF or LF, an UTF-8 byte order
// mark. What is not well-formed is reported row by row, with its line, and reading goes on.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/status.h"
#include "services/cli/import/input_file.h"

namespace kefu::cli {

struct CsvOptions {
  char delimiter = ',';
  // A record longer than this is reported as bad; so one stray quote cannot swallow the file.
  size_t max_record_bytes = size_t{1} << 20;
};

struct CsvRow {
  // The line its first byte is in, from 1.
  int64_t line = 0;
  std::vector<std::string> cells;
  // The record as it stands in the file, without its line end.
  std::string raw;
  // OK, or what is wrong with this record; `cells` is then undefined. Reasons: RAGGED_ROW, UNCLOSED_QUOTE,
  // TEXT_AFTER_QUOTE, NOT_UTF8, TOO_LONG.
  Status problem;
};

// Operation: streaming; holds one record and one block.
// Concurrency: one thread.
class CsvReader {
 public:
  // Reads the header row. kInvalidArgument if there is none.
  static StatusOr<std::unique_ptr<CsvReader>> Open(const std::string& path, const CsvOptions& options);

  const std::vector<std::string>& header() const { return header_; }

  // False at the end of the file. Empty lines are passed over.
  StatusOr<bool> Next(CsvRow* row);

 private:
  CsvReader(std::unique_ptr<InputFile> file, const CsvOptions& options) : file_(std::move(file)), options_(options) {}
  StatusOr<bool> NextRecord(CsvRow* row);
  Status ParseRecord(CsvRow* row);
  Status ParseQuoted(std::string* cell);
  // After a record that cannot be read: goes on behind the first line of it.
  Status SkipLine();
  // The byte at `next_`, reading on if need be; -1 at the end.
  StatusOr<int> Peek();

  const std::unique_ptr<InputFile> file_;
  const CsvOptions options_;
  std::vector<std::string> header_;
  std::string buffer_;
  size_t record_ = 0;  // where the record in hand begins in buffer_
  size_t next_ = 0;    // the next byte to look at
  int64_t line_ = 1;
  bool at_end_ = false;
};

}  // namespace kefu::cli
