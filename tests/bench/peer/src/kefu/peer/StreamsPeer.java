package kefu.peer;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import kefu.query.v1.ClientOuterClass.Client;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/**
 * Folds a topic into one view with Kafka Streams and prints one line of JSON.
 *
 * <p>Arguments: bootstrap topic mode events state-folder limit-seconds. Modes: defaults, exactly_once, tuned.
 */
public final class StreamsPeer {
  private static final AtomicLong PROCESSED = new AtomicLong();
  private static final CountDownLatch DONE = new CountDownLatch(1);
  private static volatile long firstAt;
  private static volatile long lastAt;

  public static void main(String[] args) throws Exception {
    String mode = args[2];
    long events = Long.parseLong(args[3]);
    Path state = Path.of(args[4]);
    long limit = Long.parseLong(args[5]);

    KafkaStreams streams = new KafkaStreams(topology(args[1], events), settings(args[0], mode, state));
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          DONE.countDown();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    boolean finished = DONE.await(limit, TimeUnit.SECONDS) && PROCESSED.get() >= events;
    double cpu = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getProcessCpuTime() / 1e9;
    double seconds = (lastAt - firstAt) / 1e9;
    Totals totals = finished ? totals(streams) : new Totals();
    streams.close(Duration.ofSeconds(60));
    if (!finished) {
      System.err.printf("kafka streams (%s): %d of %d events after %d s%n", mode, PROCESSED.get(), events, limit);
      System.exit(1);
    }
    System.out.printf(
        "{\"what\":\"catch_up\",\"by\":\"kafka_streams_%s\",\"log\":\"kafka\",\"views\":1,\"events\":%d,"
            + "\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"peak_rss_mib\":%d,\"clients\":%d,\"folded\":%d,\"open_cases\":%d}%n",
        mode, events, seconds, cpu, peakRssMib(), totals.clients, totals.folded, totals.openCases);
    System.exit(0);
  }

  /** Called for each event: notes the first and the last moment. */
  private static void noteProgress(long events) {
    long count = PROCESSED.get();
    if (firstAt == 0) firstAt = System.nanoTime();
    if (count >= events) {
      lastAt = System.nanoTime();
      DONE.countDown();
    }
  }

  private static Topology topology(String topic, long events) {
    Map<String, String> changelog = new HashMap<>();
    Topology topology = new Topology();
    topology.addSource("events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), topic);
    topology.addProcessor("fold", () -> new ClientFold(PROCESSED, () -> noteProgress(events)), "events");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(ClientFold.STORE), Serdes.String(), clientSerde())
            .withCachingEnabled()
            .withLoggingEnabled(changelog),
        "fold");
    return topology;
  }

  private static Serde<Client> clientSerde() {
    Deserializer<Client> read =
        (topic, bytes) -> {
          try {
            return bytes == null ? null : Client.parseFrom(bytes);
          } catch (com.google.protobuf.InvalidProtocolBufferException error) {
            throw new IllegalStateException(error);
          }
        };
    return Serdes.serdeFrom((topic, client) -> client == null ? null : client.toByteArray(), read);
  }

  private static Properties settings(String bootstrap, String mode, Path state) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "kefu-bench-" + mode + "-" + UUID.randomUUID());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put("auto.offset.reset", "earliest");
    // A start without waiting for members that left: each run is an application of its own.
    settings.put("session.timeout.ms", 10_000);
    switch (mode) {
      case "defaults":
        break;
      case "exactly_once":
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        break;
      case "tuned":
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
        break;
      default:
        throw new IllegalArgumentException("no mode " + mode + "; there are defaults, exactly_once, tuned");
    }
    return settings;
  }

  private static final class Totals {
    long clients;
    long folded;
    long openCases;
  }

  private static Totals totals(KafkaStreams streams) {
    Totals totals = new Totals();
    var store =
        streams.store(
            StoreQueryParameters.fromNameAndType(
                ClientFold.STORE, QueryableStoreTypes.<String, Client>keyValueStore()));
    try (KeyValueIterator<String, Client> all = store.all()) {
      while (all.hasNext()) {
        KeyValue<String, Client> row = all.next();
        ++totals.clients;
        totals.folded += row.value.getEventCount();
        totals.openCases += row.value.getOpenComplaintsTotal() + row.value.getOpenRequestsTotal();
      }
    }
    return totals;
  }

  private static long peakRssMib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
    }
    return 0;
  }
}
