#pragma once

// Batches written as sorted files.

#include <memory>
#include <string>
#include <vector>

#include "platform/store/rocks/core.h"

namespace rocksdb {
class SstFileWriter;
}

namespace kefu::store {

// What RocksStore::Write takes.
class StoreBatch : public WriteBatch {
 public:
  virtual rocksdb::Status WriteTo(rocksdb::DB& db) = 0;
};

// Operation: one file a table, made as the keys come; WriteTo hands all of them over in one entry of the store's manifest,
//   so that after a crash all or none are there. Files are on disk by then, and so is the write-ahead log before them:
//   no power cut can keep these changes and lose earlier ones.
// Concurrency: none.
class BulkBatch final : public StoreBatch {
 public:
  // `number` is not in use by another batch of this store.
  BulkBatch(const Core& core, int64_t number);
  ~BulkBatch() override;

  static std::string FolderIn(const std::string& directory) { return directory + "/bulk"; }

  void Put(TableId table, std::string_view key, std::string_view value) override;
  void Delete(TableId table, std::string_view key) override;
  size_t bytes() const override { return bytes_; }
  void Clear() override;
  rocksdb::Status WriteTo(rocksdb::DB& db) override;

 private:
  struct File {
    TableId table = 0;
    std::string path;
    std::unique_ptr<rocksdb::SstFileWriter> writer;
  };
  // Null if the file could not be made; status_ says why.
  rocksdb::SstFileWriter* WriterOf(TableId table);
  void Note(const rocksdb::Status& status);

  const Core& core_;
  const int64_t number_;
  std::vector<File> files_;
  size_t bytes_ = 0;
  rocksdb::Status status_;
};

}  // namespace kefu::store
