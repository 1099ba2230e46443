package kefu.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import kefu.query.v1.ClientOuterClass.Client;
import kefu.query.v1.ClientOuterClass.OpenCase;
import kefu.query.v1.ClientOuterClass.Tally;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/**
 * Folds a topic into one view with Kafka Streams. Prints "current MILLIS" (since 1970) once it has applied all that was
 * on the topic when it began, then one line of JSON.
 *
 * <p>Arguments: bootstrap topic mode application state-folder limit-seconds [ready-file]. With a ready file it answers
 * GetClient, writes its address there, and goes on until SIGTERM. Modes: defaults, exactly_once, tuned.
 */
public final class StreamsPeer {
  private static final CountDownLatch BROKEN = new CountDownLatch(1);

  public static void main(String[] args) throws Exception {
    String mode = args[2];
    String application = args[3];
    long deadline = System.nanoTime() + Long.parseLong(args[5]) * 1_000_000_000L;
    Progress progress = begin(args[0], args[1], application);
    KafkaStreams streams =
        new KafkaStreams(topology(args[1], progress), Settings.of(args[0], application, mode, Path.of(args[4])));
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          BROKEN.countDown();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    QueryServer server = args.length > 6 ? new QueryServer(streams) : null;
    if (server != null) server.writeAddress(Path.of(args[6]));
    streams.start();
    while (!(progress.complete() && streams.state() == KafkaStreams.State.RUNNING)) {
      if (BROKEN.getCount() == 0 || System.nanoTime() > deadline) {
        System.err.printf("kafka streams (%s): %d of %d events%n", mode, progress.applied(), progress.events());
        Runtime.getRuntime().halt(1);
      }
      Thread.sleep(2);
    }
    System.out.println("current " + System.currentTimeMillis());
    double cpu = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
        .getProcessCpuTime() / 1e9;
    print(mode, progress, cpu, peakRssMib(), totals(streams));
    if (server == null) {
      streams.close(Duration.ofSeconds(60));
      System.exit(0);
    }
    Runtime.getRuntime().addShutdownHook(
        new Thread(
            () -> {
              server.stop();
              streams.close(Duration.ofSeconds(60));
            }));
    BROKEN.await();
    System.exit(1);
  }

  private static Progress begin(String bootstrap, String topic, String application) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    try (Admin admin = Admin.create(settings)) {
      int partitions =
          admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
      Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
      for (int p = 0; p < partitions; ++p) asked.put(new TopicPartition(topic, p), OffsetSpec.latest());
      long[] ends = new long[partitions];
      admin.listOffsets(asked).all().get().forEach((where, end) -> ends[where.partition()] = end.offset());
      long[] next = new long[partitions];
      admin
          .listConsumerGroupOffsets(application)
          .partitionsToOffsetAndMetadata()
          .get()
          .forEach(
              (where, offset) -> {
                if (where.topic().equals(topic) && offset != null) next[where.partition()] = offset.offset();
              });
      return new Progress(ends, next);
    }
  }

  private static Topology topology(String topic, Progress progress) {
    Topology topology = new Topology();
    topology.addSource("events", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), topic);
    topology.addProcessor("fold", () -> new ClientFold(progress), "events");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(ClientFold.CLIENTS), Serdes.String(), Serdes.ByteArray())
            .withCachingEnabled()
            .withLoggingEnabled(Map.of()),
        "fold");
    topology.addStateStore(
        Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(ClientFold.CASES), Serdes.String(), serde(OpenCase.parser()))
            .withCachingEnabled()
            .withLoggingEnabled(Map.of()),
        "fold");
    return topology;
  }

  private static <T extends MessageLite> Serde<T> serde(Parser<T> parser) {
    return Serdes.serdeFrom(
        (topic, message) -> message == null ? null : message.toByteArray(),
        (topic, bytes) -> {
          try {
            return bytes == null ? null : parser.parseFrom(bytes);
          } catch (InvalidProtocolBufferException error) {
            throw new IllegalStateException(error);
          }
        });
  }

  /** Clients, events folded, open cases, tallies. */
  private static long[] totals(KafkaStreams streams) throws InvalidProtocolBufferException {
    long[] totals = new long[4];
    var store =
        streams.store(
            StoreQueryParameters.fromNameAndType(
                ClientFold.CLIENTS, QueryableStoreTypes.<String, byte[]>keyValueStore()));
    try (KeyValueIterator<String, byte[]> all = store.all()) {
      while (all.hasNext()) {
        Client row = Client.parseFrom(all.next().value);
        ++totals[0];
        totals[1] += row.getEventCount();
        totals[2] += row.getOpenComplaintsTotal() + row.getOpenRequestsTotal();
        for (Tally tally : row.getTalliesList()) totals[3] += tally.getCount();
      }
    }
    return totals;
  }

  private static void print(String mode, Progress progress, double cpu, long peak, long[] totals) {
    System.out.printf(
        "{\"what\":\"catch_up\",\"by\":\"kafka_streams_%s\",\"log\":\"kafka\",\"views\":1,\"admission\":false,"
            + "\"events\":%d,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"peak_rss_mib\":%d,\"clients\":%d,\"folded\":%d,"
            + "\"open_cases\":%d,\"tallies\":%d}%n",
        mode, progress.events(), progress.seconds(), cpu, peak, totals[0], totals[1], totals[2], totals[3]);
    System.out.flush();
  }

  private static long peakRssMib() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
    }
    return 0;
  }
}
