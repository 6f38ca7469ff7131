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

/** Appends each change of a result as a line with its kind; a file is finished, and committed, with each checkpoint. */
final class RunningSink {
  private RunningSink() {}

  static FileSink<Row> to(String output, String[] names) {
    return FileSink.forRowFormat(new org.apache.flink.core.fs.Path(Path.of(output).toUri()), new Lines(names))
        .withBucketAssigner(new BasePathBucketAssigner<>())
        .withRollingPolicy(OnCheckpointRollingPolicy.build())
        .build();
  }

  private static final class Lines implements Encoder<Row> {
    private static final long serialVersionUID = 1L;

    private final String[] names;

    Lines(String[] names) {
      this.names = names;
    }

    /** No text of the events needs an escape. */
    @Override
    public void encode(Row row, OutputStream to) throws IOException {
      StringBuilder line = new StringBuilder("{\"op\":\"").append(row.getKind().shortString()).append('"');
      for (int i = 0; i < names.length; i++) {
        Object value = row.getField(i);
        line.append(",\"").append(names[i]).append("\":");
        if (value instanceof String) line.append('"').append(value).append('"');
        else line.append(value);
      }
      to.write(line.append("}\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }
  }
}
