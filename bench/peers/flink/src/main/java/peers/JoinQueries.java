package peers;

import static java.util.Map.entry;

import java.util.Map;
import peers.Queries.Query;
import peers.Queries.Updating;

/** The queries that read persons and auctions, or a table beside the events. */
final class JoinQueries {
  private static final String BID_COLUMNS = "auction BIGINT, bidder BIGINT, price BIGINT, ";
  private static final String AUCTION_COLUMNS =
      "itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT, auctionTime BIGINT, expires BIGINT, seller BIGINT,"
          + " category BIGINT";
  private static final String AUCTION =
      "a.itemName, a.description, a.initialBid, a.reserve, epoch_ms(a.`dateTime`) AS auctionTime, epoch_ms(a.expires) AS expires,"
          + " a.seller, a.category";

  static final Map<String, Query> APPENDING =
      Map.ofEntries(
          entry(
              "q3",
              new Query(
                  "name STRING, city STRING, state STRING, auction BIGINT",
                  "SELECT p.name, p.city, p.state, a.id FROM auction AS a JOIN person AS p ON a.seller = p.id"
                      + " WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA')")),
          entry(
              "q7",
              new Query(
                  BID_COLUMNS + "`dateTime` BIGINT, extra STRING",
                  "SELECT b.auction, b.bidder, b.price, epoch_ms(b.`dateTime`), b.extra FROM "
                      + tumbling("bid")
                      + " AS b JOIN (SELECT MAX(price) AS highest, window_start, window_end FROM "
                      + tumbling("bid")
                      + " GROUP BY window_start, window_end) AS w"
                      + " ON b.window_start = w.window_start AND b.window_end = w.window_end AND b.price = w.highest")),
          entry(
              "q8",
              new Query(
                  "id BIGINT, name STRING, windowStart BIGINT",
                  "SELECT p.id, p.name, epoch_ms(p.window_start) FROM (SELECT id, name, window_start, window_end FROM "
                      + tumbling("person")
                      + " GROUP BY id, name, window_start, window_end) AS p JOIN (SELECT seller, window_start, window_end FROM "
                      + tumbling("auction")
                      + " GROUP BY seller, window_start, window_end) AS a"
                      + " ON p.id = a.seller AND p.window_start = a.window_start AND p.window_end = a.window_end")),
          entry(
              "q13",
              new Query(
                  BID_COLUMNS + "`dateTime` BIGINT, `value` STRING",
                  "SELECT auction, bidder, price, epoch_ms(`dateTime`), s.`value` FROM bid, LATERAL TABLE(side_table(MOD(auction, "
                      + SideTable.ROWS
                      + "))) AS s (`value`)")),
          entry(
              "q20",
              new Query(
                  BID_COLUMNS
                      + "channel STRING, url STRING, `dateTime` BIGINT, itemName STRING, initialBid BIGINT, auctionTime BIGINT,"
                      + " expires BIGINT, seller BIGINT, category BIGINT",
                  "SELECT b.auction, b.bidder, b.price, b.channel, b.url, epoch_ms(b.`dateTime`), a.itemName, a.initialBid,"
                      + " epoch_ms(a.`dateTime`), epoch_ms(a.expires), a.seller, a.category"
                      + " FROM bid AS b JOIN auction AS a ON b.auction = a.id WHERE a.category = 10")),
          entry(
              "q23",
              new Query(
                  "bidder BIGINT, price BIGINT, channel STRING, url STRING, name STRING, emailAddress STRING, creditCard STRING,"
                      + " city STRING, state STRING, " + AUCTION_COLUMNS,
                  "SELECT b.bidder, b.price, b.channel, b.url, p.name, p.emailAddress, p.creditCard, p.city, p.state, "
                      + AUCTION
                      + " FROM person AS p JOIN auction AS a ON a.seller = p.id JOIN bid AS b ON b.bidder = p.id")));

  static final Map<String, Updating> UPDATING =
      Map.of(
          "q4",
          new Updating(
              "SELECT category, AVG(highest) AS average FROM (SELECT COALESCE(a.category, 0) AS category,"
                  + " MAX(CAST(b.price AS DOUBLE)) AS highest FROM auction AS a JOIN bid AS b ON a.id = b.auction"
                  + " WHERE b.`dateTime` BETWEEN a.`dateTime` AND a.expires GROUP BY a.id, a.category) GROUP BY category",
              "category"),
          "q6",
          new Updating(
              "SELECT seller, AVG(highest) AS average FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY seller ORDER BY expires DESC, id DESC) AS n"
                  + " FROM (SELECT a.id, COALESCE(a.seller, 0) AS seller, a.expires, MAX(CAST(b.price AS DOUBLE)) AS highest"
                  + " FROM auction AS a JOIN bid AS b ON a.id = b.auction WHERE b.`dateTime` BETWEEN a.`dateTime` AND a.expires"
                  + " GROUP BY a.id, a.seller, a.expires)) WHERE n <= 10 GROUP BY seller",
              "seller"),
          "q9",
          new Updating(
              "SELECT id, itemName, description, initialBid, reserve, auctionTime, expires, seller, category, bidder, price,"
                  + " epoch_ms(bidTime) AS `dateTime`, extra FROM (SELECT *, ROW_NUMBER() OVER"
                  + " (PARTITION BY id ORDER BY price DESC, bidTime ASC, bidder ASC) AS n FROM (SELECT COALESCE(a.id, 0) AS id, "
                  + AUCTION
                  + ", b.bidder, b.price, b.`dateTime` AS bidTime, b.extra FROM auction AS a JOIN bid AS b ON a.id = b.auction"
                  + " WHERE b.`dateTime` BETWEEN a.`dateTime` AND a.expires)) WHERE n <= 1",
              "id"));

  private JoinQueries() {}

  private static String tumbling(String of) {
    return "TABLE(TUMBLE(TABLE " + of + ", DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))";
  }
}
