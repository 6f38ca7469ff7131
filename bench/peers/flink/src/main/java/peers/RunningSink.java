package peers;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.flink.api.common.serialization.Encoder;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.types.Row;

/** Appends each change of the running totals as a line with its kind; a file is finished, and committed, with each checkpoint. */
final class RunningSink {
  private RunningSink() {}

  static FileSink<Row> to(String output) {
    return FileSink.forRowFormat(new org.apache.flink.core.fs.Path(Path.of(output).toUri()), new Lines())
        .withBucketAssigner(new BasePathBucketAssigner<>())
        .withRollingPolicy(OnCheckpointRollingPolicy.build())
        .build();
  }

  private static final class Lines implements Encoder<Row> {
    private static final long serialVersionUID = 1L;

    @Override
    public void encode(Row row, OutputStream to) throws IOException {
      String line =
          "{\"op\":\"" + row.getKind().shortString() + "\",\"bidder\":" + row.getField(0) + ",\"bids\":" + row.getField(1)
              + ",\"total\":" + row.getField(2) + "}\n";
      to.write(line.getBytes(StandardCharsets.ISO_8859_1));
    }
  }
}
