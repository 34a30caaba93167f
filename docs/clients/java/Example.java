// A client of Whorl's service by FlatBuffers messages and generic gRPC calls: enrols a person, finds
// them again, verifies them, erases them. How it is built: ../README.md.
import com.google.flatbuffers.FlatBufferBuilder;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import whorl.wire.Candidate;
import whorl.wire.Decision;
import whorl.wire.EnrolAnswer;
import whorl.wire.EnrolRequest;
import whorl.wire.EraseRequest;
import whorl.wire.GetSubjectRequest;
import whorl.wire.Heading;
import whorl.wire.IdentifyAnswer;
import whorl.wire.IdentifyRequest;
import whorl.wire.Modality;
import whorl.wire.Priority;
import whorl.wire.Sample;
import whorl.wire.SearchResult;
import whorl.wire.VerifyAnswer;
import whorl.wire.VerifyRequest;

public final class Example {
  private static final long SUBJECT = 7;
  private static final Metadata.Key<String> FAULT =
      Metadata.Key.of("whorl-fault", Metadata.ASCII_STRING_MARSHALLER);

  // A message is its bytes, nothing around them.
  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private static ByteBuffer ask(Channel channel, String call, FlatBufferBuilder request, int root) {
    request.finish(root);
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("whorl.wire.Register/" + call)
            .build();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS);
    return ByteBuffer.wrap(
        ClientCalls.blockingUnaryCall(channel, method, options, request.sizedByteArray()));
  }

  private static int heading(FlatBufferBuilder b, String gallery) {
    return Heading.createHeading(
        b,
        b.createString(UUID.randomUUID().toString()),
        b.createString(gallery),
        b.createString("trying-out"),
        Priority.routine);
  }

  private static int[] sample(FlatBufferBuilder b, String path) throws IOException {
    int bytes = Sample.createBytesVector(b, Files.readAllBytes(Path.of(path)));
    return new int[] {Sample.createSample(b, bytes, Modality.unknown, 0, 0)};
  }

  public static void main(String[] words) throws Exception {
    Path folder = Path.of(words[0]); // of `whorl serve --dev`
    String gallery = words[1], firstVisit = words[2], secondVisit = words[3];
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                Files.readString(folder.resolve("address")).strip(),
                TlsChannelCredentials.newBuilder()
                    .keyManager(
                        folder.resolve("client.pem").toFile(),
                        folder.resolve("client.key").toFile())
                    .trustManager(folder.resolve("authority.pem").toFile())
                    .build())
            .maxInboundMessageSize(32 << 20)
            .build();

    FlatBufferBuilder b = new FlatBufferBuilder();
    int heading = heading(b, gallery);
    int samples = EnrolRequest.createSamplesVector(b, sample(b, firstVisit));
    int source = b.createString("desk 4");
    EnrolRequest.startEnrolRequest(b);
    EnrolRequest.addHeading(b, heading);
    EnrolRequest.addSubject(b, SUBJECT);
    EnrolRequest.addSamples(b, samples);
    EnrolRequest.addSource(b, source);
    EnrolAnswer enrolled =
        EnrolAnswer.getRootAsEnrolAnswer(ask(channel, "Enrol", b, EnrolRequest.endEnrolRequest(b)));
    System.out.printf(
        "subject %d enrolled as encounter %d%n", enrolled.subject(), enrolled.encounter());

    b = new FlatBufferBuilder();
    heading = heading(b, gallery);
    samples = IdentifyRequest.createSamplesVector(b, sample(b, secondVisit));
    SearchResult found =
        IdentifyAnswer.getRootAsIdentifyAnswer(
                ask(
                    channel,
                    "Identify",
                    b,
                    IdentifyRequest.createIdentifyRequest(b, heading, samples, 0)))
            .result();
    for (int i = 0; i < found.candidatesLength(); ++i) {
      Candidate candidate = found.candidates(i);
      System.out.printf(
          "subject %d: false match rate %.1e%n", candidate.subject(), candidate.fmr());
    }
    for (int i = 0; i < found.reasonsLength(); ++i) {
      System.out.println("  because " + found.reasons(i));
    }

    b = new FlatBufferBuilder();
    heading = heading(b, gallery);
    samples = VerifyRequest.createSamplesVector(b, sample(b, secondVisit));
    boolean same =
        VerifyAnswer.getRootAsVerifyAnswer(
                    ask(
                        channel,
                        "Verify",
                        b,
                        VerifyRequest.createVerifyRequest(b, heading, samples, SUBJECT, 0)))
                .match()
            == Decision.hit;
    System.out.println(same ? "the same person" : "not surely the same person");

    b = new FlatBufferBuilder();
    ask(channel, "Erase", b, EraseRequest.createEraseRequest(b, heading(b, gallery), SUBJECT));
    try {
      b = new FlatBufferBuilder();
      heading = heading(b, gallery);
      ask(channel, "GetSubject", b, GetSubjectRequest.createGetSubjectRequest(b, heading, SUBJECT));
    } catch (StatusRuntimeException refused) {
      System.out.println("erased: E" + refused.getTrailers().get(FAULT));
    }
    channel.shutdown().awaitTermination(5, TimeUnit.SECONDS);
    System.exit(same ? 0 : 1);
  }
}
