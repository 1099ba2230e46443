#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/files.h"
#include "platform/base/status.h"

namespace kefu::testkit {

struct KafkaClusterOptions {
  // Each is broker and controller: one, or three that go on when one is killed.
  int brokers = 1;
  // Of Kafka's server.properties; they win over those of deploy/kafka/broker.
  std::map<std::string, std::string> settings;
};

// Real Apache Kafka brokers on free ports of 127.0.0.1, in a folder of their own; both go with the object.
//
// Operation: runs deploy/kafka/broker, which fetches Kafka with Maven at its first use. A start takes 3 s alone.
// Concurrency: one thread, and the one that called Start must outlive the object: the kernel ends the brokers with it.
// Limitations: no encryption, no access control. SIGKILL loses nothing that the page cache has: this is no power cut.
class KafkaCluster {
 public:
  // kFailedPrecondition: Kafka is not in the cache and cannot be fetched here. Tests skip on nothing else.
  static StatusOr<std::unique_ptr<KafkaCluster>> Start(const KafkaClusterOptions& options = {});
  ~KafkaCluster();
  KafkaCluster(const KafkaCluster&) = delete;
  KafkaCluster& operator=(const KafkaCluster&) = delete;

  int size() const { return static_cast<int>(brokers_.size()); }
  // All brokers, for bootstrap.servers.
  std::string bootstrap() const;
  // What a broker has written: data/, broker.log, server.properties. Change it only while the broker is down.
  std::string folder(int broker) const;

  // Ends it by SIGKILL, and returns when it is gone.
  void Kill(int broker);
  // Ends it by SIGTERM: it closes its files.
  void Stop(int broker);
  // SIGSTOP: connections stay open, nothing answers. Resume lets it go on.
  void Pause(int broker);
  void Resume(int broker);
  // Starts one that was killed or stopped, on its port and folder, and returns when it answers.
  Status Restart(int broker);

 private:
  struct Broker {
    std::string folder;
    int port = 0;        // 0 until it is known
    pid_t script = -1;   // deploy/kafka/broker
    pid_t java = -1;     // the broker itself
    int output = -1;     // what the script prints
  };

  KafkaCluster() = default;
  Status Launch(size_t broker);
  Status AwaitReady(size_t broker);
  void End(size_t broker, int signal);

  KafkaClusterOptions options_;
  std::string voters_;
  std::string cluster_id_;
  TempDirectory temp_;
  std::vector<Broker> brokers_;
};

}  // namespace kefu::testkit
