package peers;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.TableFunction;
import org.apache.flink.types.Row;

/** The bounded table that q13 looks up, held by each task as a lookup source with a full cache holds its own. */
@FunctionHint(output = @DataTypeHint("ROW<`value` STRING>"))
public final class SideTable extends TableFunction<Row> {
  static final int ROWS = 10_000;

  private static final long serialVersionUID = 1L;

  private transient Map<Long, Row> rows;

  @Override
  public void open(FunctionContext context) {
    rows = new HashMap<>();
    for (long key = 0; key < ROWS; key++) rows.put(key, Row.of("value " + key));
  }

  public void eval(Long key) {
    Row row = rows.get(key);
    if (row != null) collect(row);
  }
}
