#include "services/cli/import/csv.h"
#include "services/cli/import/event_source.h"
#include "services/cli/import/mapper.h"

namespace kefu::cli {
namespace {

class CsvSource final : public EventSource {
 public:
  CsvSource(std::unique_ptr<CsvReader> reader, const Mapping& mapping, std::vector<int> places)
      : reader_(std::move(reader)), mapper_(mapping, std::move(places)) {}

  StatusOr<bool> Next(ImportItem* item) override {
    while (!mapper_.HasItem()) {
      if (at_end_) return false;
      CsvRow row;
      ASSIGN_OR_RETURN(const bool more, reader_->Next(&row));
      RETURN_IF_ERROR(more ? mapper_.Add(std::move(row)) : mapper_.Finish());
      at_end_ = !more;
    }
    *item = mapper_.TakeItem();
    return true;
  }

  const ImportCounts& counts() const override { return mapper_.counts(); }

 private:
  const std::unique_ptr<CsvReader> reader_;
  Mapper mapper_;
  bool at_end_ = false;
};

}  // namespace

StatusOr<std::unique_ptr<EventSource>> OpenCsvSource(const std::string& path, const Mapping& mapping) {
  CsvOptions options;
  options.delimiter = mapping.delimiter;
  ASSIGN_OR_RETURN(auto reader, CsvReader::Open(path, options));
  ASSIGN_OR_RETURN(auto places, BindColumns(mapping, reader->header()));
  return std::make_unique<CsvSource>(std::move(reader), mapping, std::move(places));
}

}  // namespace kefu::cli
