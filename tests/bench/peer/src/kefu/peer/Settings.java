package kefu.peer;

import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.streams.StreamsConfig;

/** How Kafka Streams is set up in each mode. */
final class Settings {
  private Settings() {}

  static Properties of(String bootstrap, String application, String mode, Path state) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put("auto.offset.reset", "earliest");
    // Static membership: one that comes back gets its partitions at once, and nobody waits for a session to run out.
    settings.put(StreamsConfig.mainConsumerPrefix("group.instance.id"), "peer");
    settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), 10_000);
    switch (mode) {
      case "defaults":
        break;
      case "exactly_once":
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        break;
      case "tuned":
        tune(settings);
        break;
      default:
        throw new IllegalArgumentException("no mode " + mode + "; there are defaults, exactly_once, tuned");
    }
    return settings;
  }

  private static void tune(Properties settings) {
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 30_000);
    settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
    settings.put(StreamsConfig.producerPrefix("linger.ms"), 100);
    settings.put(StreamsConfig.producerPrefix("batch.size"), 256 << 10);
    settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 10_000);
    settings.put(StreamsConfig.consumerPrefix("fetch.min.bytes"), 64 << 10);
    settings.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 8 << 20);
    settings.put(StreamsConfig.consumerPrefix("fetch.max.bytes"), 64 << 20);
    settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
  }
}
