package peers;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.functions.ScalarFunction;

/** Milliseconds since the epoch, of an instant, or of a time of the session's zone, which is UTC. */
public final class EpochMs extends ScalarFunction {
  private static final long serialVersionUID = 1L;

  public Long eval(@DataTypeHint(value = "TIMESTAMP_LTZ(3)", bridgedTo = TimestampData.class) TimestampData at) {
    return at == null ? null : at.getMillisecond();
  }
}
