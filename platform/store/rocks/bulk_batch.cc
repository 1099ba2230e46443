#include "platform/store/rocks/bulk_batch.h"

#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>

#include <filesystem>

namespace kefu::store {

BulkBatch::BulkBatch(const Core& core, int64_t number) : core_(core), number_(number) {}

BulkBatch::~BulkBatch() {
  Clear();
  status_.PermitUncheckedError();
}

void BulkBatch::Note(const rocksdb::Status& status) {
  if (status_.ok()) status_ = status;
}

rocksdb::SstFileWriter* BulkBatch::WriterOf(TableId table) {
  for (const File& file : files_)
    if (file.table == table) return file.writer.get();
  const std::string folder = FolderIn(core_.directory);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  rocksdb::ColumnFamilyHandle* const handle = core_.Table(table);
  rocksdb::ColumnFamilyOptions table_options = TableOptions(KindOf(handle->GetName()), *core_.resources);
  // Compaction compresses what stays; here only the quick way pays.
  table_options.bottommost_compression = rocksdb::kDisableCompressionOption;
  auto writer = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(),
                                                         rocksdb::Options(rocksdb::DBOptions(), table_options), handle,
                                                         /*invalidate_page_cache=*/false);
  File file{table, folder + "/" + std::to_string(number_) + "-" + std::to_string(table), std::move(writer)};
  Note(file.writer->Open(file.path));
  files_.push_back(std::move(file));
  return files_.back().writer.get();
}

void BulkBatch::Put(TableId table, std::string_view key, std::string_view value) {
  rocksdb::SstFileWriter* const writer = WriterOf(table);
  if (!status_.ok()) return;
  bytes_ += key.size() + value.size();
  Note(writer->Put(ToSlice(key), ToSlice(value)));
}

void BulkBatch::Delete(TableId table, std::string_view key) {
  rocksdb::SstFileWriter* const writer = WriterOf(table);
  if (!status_.ok()) return;
  bytes_ += key.size();
  Note(writer->Delete(ToSlice(key)));
}

void BulkBatch::Clear() {
  for (File& file : files_) {
    file.writer.reset();
    std::error_code ignored;
    std::filesystem::remove(file.path, ignored);
  }
  files_.clear();
  bytes_ = 0;
  status_ = rocksdb::Status::OK();
}

rocksdb::Status BulkBatch::WriteTo(rocksdb::DB& db) {
  for (File& file : files_)
    if (status_.ok()) Note(file.writer->Finish());
  // The files count as synced; what lies before them must be, too.
  if (status_.ok()) {
    const rocksdb::Status synced = db.SyncWAL();
    if (!synced.IsNotSupported()) Note(synced);
  }
  if (status_.ok() && !files_.empty()) {
    std::vector<rocksdb::IngestExternalFileArg> arguments;
    for (const File& file : files_) {
      rocksdb::IngestExternalFileArg& argument = arguments.emplace_back();
      argument.column_family = core_.Table(file.table);
      argument.external_files = {file.path};
      argument.options.move_files = true;
      argument.options.write_global_seqno = false;
      argument.options.verify_file_checksum = false;
    }
    Note(db.IngestExternalFiles(arguments));
  }
  const rocksdb::Status status = status_;
  Clear();
  return status;
}

}  // namespace kefu::store
