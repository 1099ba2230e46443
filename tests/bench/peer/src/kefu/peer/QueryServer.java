package kefu.peer;

import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import kefu.query.v1.ClientOuterClass.GetClientRequest;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * GetClient by interactive queries. Calls run on the network threads themselves (directExecutor): a look-up in memory or
 * in RocksDB's cache is shorter than a change of threads. The stored bytes are the answer, without being parsed.
 */
final class QueryServer {
  private static final MethodDescriptor<GetClientRequest, byte[]> GET_CLIENT =
      MethodDescriptor.<GetClientRequest, byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("kefu.query.v1.ClientService/GetClient")
          .setRequestMarshaller(ProtoUtils.marshaller(GetClientRequest.getDefaultInstance()))
          .setResponseMarshaller(new RowMarshaller())
          .build();
  private static final String PREFIX = "clients/";

  private final KafkaStreams streams;
  private final Server server;
  private volatile ReadOnlyKeyValueStore<String, byte[]> store;

  QueryServer(KafkaStreams streams) throws IOException {
    this.streams = streams;
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("kefu.query.v1.ClientService")
            .addMethod(GET_CLIENT, ServerCalls.asyncUnaryCall(this::getClient))
            .build();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .directExecutor()
            .addService(service)
            .build()
            .start();
  }

  /** The file appears whole. */
  void writeAddress(Path file) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(part, "127.0.0.1:" + server.getPort() + "\n");
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  void stop() {
    server.shutdownNow();
  }

  private void getClient(GetClientRequest request, StreamObserver<byte[]> answer) {
    byte[] row;
    try {
      if (store == null) {
        store =
            streams.store(
                StoreQueryParameters.fromNameAndType(
                    ClientFold.CLIENTS, QueryableStoreTypes.<String, byte[]>keyValueStore()));
      }
      row = store.get(request.getName().substring(PREFIX.length()));
    } catch (InvalidStateStoreException | IllegalStateException notYet) {
      answer.onError(Status.UNAVAILABLE.withDescription(notYet.getMessage()).asRuntimeException());
      return;
    }
    if (row == null) {
      answer.onError(Status.NOT_FOUND.asRuntimeException());
      return;
    }
    answer.onNext(row);
    answer.onCompleted();
  }

  /** A row is the serialised answer already. */
  private static final class RowMarshaller implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] row) {
      return new Row(row);
    }

    @Override
    public byte[] parse(InputStream stream) {
      throw new UnsupportedOperationException("a server parses no answers");
    }
  }

  private static final class Row extends ByteArrayInputStream implements KnownLength {
    Row(byte[] row) {
      super(row);
    }
  }
}
