package peers;

import static java.util.Map.entry;

import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.Table;
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

  private static final String DAY = "COALESCE(DATE_FORMAT(`dateTime`, 'yyyy-MM-dd'), '')";
  private static final String MINUTE = "DATE_FORMAT(`dateTime`, 'HH:mm')";
  private static final String BIDS_BY_RANK = byRank("Bids", "COUNT(*)");
  private static final String ALL_BY_RANK =
      BIDS_BY_RANK + ", " + byRank("Bidders", "COUNT(DISTINCT bidder)") + ", " + byRank("Auctions", "COUNT(DISTINCT auction)");
  /** The key of a changelog may not be null, which Flink does not know of bids. */
  private static final String KEYED =
      "(SELECT COALESCE(auction, 0) AS auction, COALESCE(bidder, 0) AS bidder, price, COALESCE(channel, '') AS channel, url, `dateTime`, extra FROM bid)";
  private static final String BID = "price, channel, url, epoch_ms(`dateTime`) AS `dateTime`, extra";

  record Query(String columns, String select) {}

  record Updating(String select, String... key) {}

  private static String byRank(String what, String counted) {
    return counted + " AS total" + what
        + ", " + counted + " FILTER (WHERE price < 10000) AS rank1" + what
        + ", " + counted + " FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2" + what
        + ", " + counted + " FILTER (WHERE price >= 1000000) AS rank3" + what;
  }

  private static final Map<String, Query> APPENDING =
      Map.ofEntries(
          entry(
              "q10",
              new Query(
                  "auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` BIGINT, extra STRING, `day` STRING, `minute` STRING",
                  "SELECT auction, bidder, price, epoch_ms(`dateTime`), extra, " + DAY + ", " + MINUTE + " FROM bid")),
          entry(
              "q11",
              new Query(
                  "bidder BIGINT, bids BIGINT, windowStart BIGINT, windowEnd BIGINT",
                  "SELECT bidder, COUNT(*), epoch_ms(window_start), epoch_ms(window_end)"
                      + " FROM TABLE(SESSION(TABLE bid PARTITION BY bidder, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))"
                      + " GROUP BY bidder, window_start, window_end")),
          entry(
              "q0",
              new Query(
                  "`dateTime` BIGINT, bidder BIGINT, auction BIGINT, price BIGINT, extra STRING",
                  "SELECT epoch_ms(`dateTime`), bidder, auction, price, extra FROM bid")),
          entry(
              "q1",
              new Query(
                  "`dateTime` BIGINT, bidder BIGINT, auction BIGINT, price DECIMAL(23, 3), extra STRING",
                  "SELECT epoch_ms(`dateTime`), bidder, auction, 0.908 * price, extra FROM bid")),
          entry(
              "q2",
              new Query("auction BIGINT, price BIGINT", "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0")),
          entry(
              "q5",
              new Query(
                  "auction BIGINT, windowStart BIGINT, windowEnd BIGINT, bids BIGINT",
                  "SELECT a.auction, epoch_ms(a.window_start), epoch_ms(a.window_end), a.bids FROM ("
                      + BIDS_PER_WINDOW
                      + ") AS a JOIN (SELECT MAX(bids) AS most, window_start, window_end FROM ("
                      + BIDS_PER_WINDOW
                      + ") GROUP BY window_start, window_end) AS m"
                      + " ON a.window_start = m.window_start AND a.window_end = m.window_end AND a.bids >= m.most")),
          entry(
              "q14",
              new Query(
                  "auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), bidTimeType STRING, `dateTime` BIGINT, extra STRING, cCount BIGINT",
                  "SELECT auction, bidder, 0.908 * price,"
                      + " CASE WHEN HOUR(`dateTime`) >= 8 AND HOUR(`dateTime`) <= 18 THEN 'dayTime'"
                      + " WHEN HOUR(`dateTime`) <= 6 OR HOUR(`dateTime`) >= 20 THEN 'nightTime' ELSE 'otherTime' END,"
                      + " epoch_ms(`dateTime`), extra, count_char(extra, 'c') FROM bid WHERE "
                      + PRICE_RANGE)),
          entry(
              "q21",
              new Query(
                  "auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, channelId STRING",
                  "SELECT auction, bidder, price, channel, CASE LOWER(channel)"
                      + " WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3'"
                      + " ELSE " + CHANNEL_ID + " END FROM bid WHERE " + CHANNEL_ID
                      + " IS NOT NULL OR LOWER(channel) IN ('apple', 'google', 'facebook', 'baidu')")),
          entry(
              "q22",
              new Query(
                  "auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, dir1 STRING, dir2 STRING, dir3 STRING",
                  "SELECT auction, bidder, price, channel,"
                      + " SPLIT_INDEX(url, '/', 3), SPLIT_INDEX(url, '/', 4), SPLIT_INDEX(url, '/', 5) FROM bid")),
          entry(
              "tumbling",
              new Query(
                  "bidder BIGINT, windowStart BIGINT, windowEnd BIGINT, averagePrice DOUBLE",
                  "SELECT bidder, epoch_ms(window_start), epoch_ms(window_end), AVG(CAST(price AS DOUBLE))"
                      + " FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))"
                      + " GROUP BY bidder, window_start, window_end")),
          entry(
              "sliding",
              new Query(
                  "auction BIGINT, windowStart BIGINT, windowEnd BIGINT, bids BIGINT",
                  "SELECT auction, epoch_ms(window_start), epoch_ms(window_end), COUNT(*)"
                      + " FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND, INTERVAL '60' SECOND))"
                      + " GROUP BY auction, window_start, window_end")));

  private static final Map<String, Updating> UPDATING =
      Map.of(
          "running",
          new Updating("SELECT bidder, COUNT(*) AS bids, SUM(price) AS total FROM " + KEYED + " GROUP BY bidder", "bidder"),
          "q15",
          new Updating("SELECT " + DAY + " AS `day`, " + ALL_BY_RANK + " FROM bid GROUP BY " + DAY, "day"),
          "q16",
          new Updating(
              "SELECT channel, " + DAY + " AS `day`, MAX(" + MINUTE + ") AS `minute`, " + ALL_BY_RANK
                  + " FROM " + KEYED + " GROUP BY channel, " + DAY,
              "channel", "day"),
          "q17",
          new Updating(
              "SELECT auction, " + DAY + " AS `day`, " + BIDS_BY_RANK + ", MIN(price) AS minPrice, MAX(price) AS maxPrice,"
                  + " AVG(CAST(price AS DOUBLE)) AS avgPrice, SUM(price) AS sumPrice FROM " + KEYED + " GROUP BY auction, " + DAY,
              "auction", "day"),
          "q18",
          new Updating(
              "SELECT auction, bidder, " + BID + " FROM (SELECT *, ROW_NUMBER() OVER"
                  + " (PARTITION BY bidder, auction ORDER BY `dateTime` DESC, price DESC, channel DESC) AS n FROM " + KEYED + ") WHERE n <= 1",
              "bidder", "auction"),
          "q19",
          new Updating(
              "SELECT auction, n AS `rank`, bidder, " + BID + " FROM (SELECT *, ROW_NUMBER() OVER"
                  + " (PARTITION BY auction ORDER BY price DESC, `dateTime` ASC, bidder ASC, extra ASC) AS n FROM " + KEYED + ") WHERE n <= 10",
              "auction", "rank"));

  private Queries() {}

  static JobClient start(
      StreamTableEnvironment tables, StreamExecutionEnvironment environment, String query, String input, String output)
      throws Exception {
    boolean joins = JoinQueries.APPENDING.containsKey(query) || JoinQueries.UPDATING.containsKey(query);
    tables.createTemporarySystemFunction("epoch_ms", EpochMs.class);
    tables.createTemporarySystemFunction("count_char", CountChar.class);
    tables.createTemporarySystemFunction("side_table", SideTable.class);
    tables.executeSql(
        "CREATE TEMPORARY TABLE events (event_type INT, auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING,"
            + (joins ? " id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING, itemName STRING,"
                + " description STRING, initialBid BIGINT, reserve BIGINT, expires TIMESTAMP_LTZ(3), seller BIGINT, category BIGINT," : "")
            + " `dateTime` TIMESTAMP_LTZ(3), extra STRING, WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND)"
            + " WITH ('connector' = 'filesystem', 'path' = '" + Path.of(input).toUri()
            + "', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')");
    tables.executeSql(
        "CREATE TEMPORARY VIEW bid AS SELECT auction, bidder, price, channel, url, `dateTime`, extra FROM events WHERE event_type = 2");
    if (joins) {
      tables.executeSql(
          "CREATE TEMPORARY VIEW person AS SELECT id, name, emailAddress, creditCard, city, state, `dateTime` FROM events"
              + " WHERE event_type = 0");
      tables.executeSql(
          "CREATE TEMPORARY VIEW auction AS SELECT id, itemName, description, initialBid, reserve, expires, seller, category, `dateTime`"
              + " FROM events WHERE event_type = 1");
    }
    Updating updating = joins ? JoinQueries.UPDATING.get(query) : UPDATING.get(query);
    if (updating != null) return startUpdating(tables, environment, query, updating, output);
    return startAppending(tables, joins ? JoinQueries.APPENDING.get(query) : APPENDING.get(query), output);
  }

  private static JobClient startAppending(StreamTableEnvironment tables, Query query, String output) {
    tables.executeSql(
        "CREATE TEMPORARY TABLE results (" + query.columns() + ") WITH ('connector' = 'filesystem', 'path' = '" + Path.of(output).toUri()
            + "', 'format' = 'json', 'sink.rolling-policy.rollover-interval' = '1 s', 'sink.rolling-policy.check-interval' = '1 s')");
    return tables.executeSql("INSERT INTO results " + query.select()).getJobClient().orElseThrow();
  }

  private static JobClient startUpdating(
      StreamTableEnvironment tables, StreamExecutionEnvironment environment, String name, Updating query, String output)
      throws Exception {
    Table results = tables.sqlQuery(query.select());
    String[] names = results.getResolvedSchema().getColumnNames().toArray(String[]::new);
    Schema keyed = Schema.newBuilder().primaryKey(query.key()).build();
    tables.toChangelogStream(results, keyed, ChangelogMode.upsert()).sinkTo(RunningSink.to(output, names));
    return environment.executeAsync(name);
  }
}
