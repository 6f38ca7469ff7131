package peers;

import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.connector.ChangelogMode;

/** The queries of ../QUERIES.md in Flink's SQL, from a file or folder of JSON lines to a folder of them. */
final class Queries {
  private static final String PRICE_RANGE = "0.908 * price > 1000000 AND 0.908 * price < 50000000";
  private static final String CHANNEL_ID = "REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2)";
  private static final String BIDS_PER_WINDOW =
      "SELECT auction, window_start, window_end, COUNT(*) AS bids"
          + " FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))"
          + " GROUP BY auction, window_start, window_end";

  private record Query(String columns, String select) {}

  private static final Map<String, Query> APPENDING =
      Map.of(
          "q0",
          new Query(
              "`dateTime` BIGINT, bidder BIGINT, auction BIGINT, price BIGINT, extra STRING",
              "SELECT epoch_ms(`dateTime`), bidder, auction, price, extra FROM bid"),
          "q1",
          new Query(
              "`dateTime` BIGINT, bidder BIGINT, auction BIGINT, price DECIMAL(23, 3), extra STRING",
              "SELECT epoch_ms(`dateTime`), bidder, auction, 0.908 * price, extra FROM bid"),
          "q2",
          new Query("auction BIGINT, price BIGINT", "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0"),
          "q5",
          new Query(
              "auction BIGINT, windowStart BIGINT, windowEnd BIGINT, bids BIGINT",
              "SELECT a.auction, epoch_ms(a.window_start), epoch_ms(a.window_end), a.bids FROM ("
                  + BIDS_PER_WINDOW
                  + ") AS a JOIN (SELECT MAX(bids) AS most, window_start, window_end FROM ("
                  + BIDS_PER_WINDOW
                  + ") GROUP BY window_start, window_end) AS m"
                  + " ON a.window_start = m.window_start AND a.window_end = m.window_end AND a.bids >= m.most"),
          "q14",
          new Query(
              "auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), bidTimeType STRING, `dateTime` BIGINT, extra STRING, cCount BIGINT",
              "SELECT auction, bidder, 0.908 * price,"
                  + " CASE WHEN HOUR(`dateTime`) >= 8 AND HOUR(`dateTime`) <= 18 THEN 'dayTime'"
                  + " WHEN HOUR(`dateTime`) <= 6 OR HOUR(`dateTime`) >= 20 THEN 'nightTime' ELSE 'otherTime' END,"
                  + " epoch_ms(`dateTime`), extra, count_char(extra, 'c') FROM bid WHERE "
                  + PRICE_RANGE),
          "q21",
          new Query(
              "auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, channelId STRING",
              "SELECT auction, bidder, price, channel, CASE LOWER(channel)"
                  + " WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3'"
                  + " ELSE " + CHANNEL_ID + " END FROM bid WHERE " + CHANNEL_ID
                  + " IS NOT NULL OR LOWER(channel) IN ('apple', 'google', 'facebook', 'baidu')"),
          "q22",
          new Query(
              "auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, dir1 STRING, dir2 STRING, dir3 STRING",
              "SELECT auction, bidder, price, channel,"
                  + " SPLIT_INDEX(url, '/', 3), SPLIT_INDEX(url, '/', 4), SPLIT_INDEX(url, '/', 5) FROM bid"),
          "tumbling",
          new Query(
              "bidder BIGINT, windowStart BIGINT, windowEnd BIGINT, averagePrice DOUBLE",
              "SELECT bidder, epoch_ms(window_start), epoch_ms(window_end), AVG(CAST(price AS DOUBLE))"
                  + " FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))"
                  + " GROUP BY bidder, window_start, window_end"),
          "sliding",
          new Query(
              "auction BIGINT, windowStart BIGINT, windowEnd BIGINT, bids BIGINT",
              "SELECT auction, epoch_ms(window_start), epoch_ms(window_end), COUNT(*)"
                  + " FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND, INTERVAL '60' SECOND))"
                  + " GROUP BY auction, window_start, window_end"));

  /** The key of a changelog may not be null, which Flink does not know of bids. */
  private static final String RUNNING =
      "SELECT bidder, COUNT(*) AS bids, SUM(price) AS total FROM (SELECT COALESCE(bidder, 0) AS bidder, price FROM bid) GROUP BY bidder";

  private Queries() {}

  static JobClient start(
      StreamTableEnvironment tables, StreamExecutionEnvironment environment, String query, String input, String output)
      throws Exception {
    tables.createTemporarySystemFunction("epoch_ms", EpochMs.class);
    tables.createTemporarySystemFunction("count_char", CountChar.class);
    tables.executeSql(
        "CREATE TEMPORARY TABLE events (event_type INT, auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING,"
            + " `dateTime` TIMESTAMP_LTZ(3), extra STRING, WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND)"
            + " WITH ('connector' = 'filesystem', 'path' = '" + Path.of(input).toUri()
            + "', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')");
    tables.executeSql(
        "CREATE TEMPORARY VIEW bid AS SELECT auction, bidder, price, channel, url, `dateTime`, extra FROM events WHERE event_type = 2");
    return query.equals("running") ? startUpdating(tables, environment, output) : startAppending(tables, query, output);
  }

  private static JobClient startAppending(StreamTableEnvironment tables, String name, String output) {
    Query query = APPENDING.get(name);
    tables.executeSql(
        "CREATE TEMPORARY TABLE results (" + query.columns() + ") WITH ('connector' = 'filesystem', 'path' = '" + Path.of(output).toUri()
            + "', 'format' = 'json', 'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '1 s')");
    return tables.executeSql("INSERT INTO results " + query.select()).getJobClient().orElseThrow();
  }

  private static JobClient startUpdating(StreamTableEnvironment tables, StreamExecutionEnvironment environment, String output)
      throws Exception {
    Schema keyed =
        Schema.newBuilder()
            .column("bidder", "BIGINT NOT NULL")
            .column("bids", "BIGINT NOT NULL")
            .column("total", "BIGINT")
            .primaryKey("bidder")
            .build();
    tables.toChangelogStream(tables.sqlQuery(RUNNING), keyed, ChangelogMode.upsert()).sinkTo(RunningSink.to(output));
    return environment.executeAsync("running");
  }
}
