"""One query of the benchmark on Spark Structured Streaming in this process, one or more passes; a line of JSON for each.

Arguments: --query q0 --input FOLDER --output FOLDER --checkpoints FOLDER [--passes 2] [--cores 2] [--memory 4g]
[--bytes-per-trigger N] [--rocksdb]. Each pass writes to FOLDER/pass-N. A pass is timed from the moment when the first micro-batch
was triggered to the moment when the query has ended, which it does after the last batch was committed. CPU time is that of this
process and of its JVM over the pass, with the planning of the query.
"""

import argparse
import json
import os
import time
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

EVENT = (
    "event_type INT, auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, dateTime TIMESTAMP, extra STRING"
)
# Of persons and auctions too; only the queries that join read those.
ALL = EVENT + (
    ", id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING, itemName STRING, description STRING,"
    " initialBid BIGINT, reserve BIGINT, expires TIMESTAMP, seller BIGINT, category BIGINT"
)
CHANNEL_ID = "nullif(regexp_extract(url, '(&|^)channel_id=([^&]*)', 2), '')"
PRICE = "CAST(0.908 * price AS DECIMAL(23, 3))"
HOUR = "hour(dateTime)"
STATELESS = {
    "q0": "SELECT unix_millis(dateTime) AS dateTime, bidder, auction, price, extra FROM bid",
    "q1": f"SELECT unix_millis(dateTime) AS dateTime, bidder, auction, {PRICE} AS price, extra FROM bid",
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q10": """SELECT auction, bidder, price, unix_millis(dateTime) AS dateTime, extra, date_format(dateTime, 'yyyy-MM-dd') AS day,
        date_format(dateTime, 'HH:mm') AS minute FROM bid""",
    "q14": f"""SELECT auction, bidder, {PRICE} AS price,
        CASE WHEN {HOUR} BETWEEN 8 AND 18 THEN 'dayTime' WHEN {HOUR} <= 6 OR {HOUR} >= 20 THEN 'nightTime' ELSE 'otherTime' END
          AS bidTimeType, unix_millis(dateTime) AS dateTime, extra, length(extra) - length(replace(extra, 'c', '')) AS cCount
        FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000""",
    "q21": f"""SELECT * FROM (SELECT auction, bidder, price, channel, CASE lower(channel)
          WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3' ELSE {CHANNEL_ID} END
          AS channelId FROM bid) WHERE channelId IS NOT NULL""",
    "q22": """SELECT auction, bidder, price, channel, parts[3] AS dir1, parts[4] AS dir2, parts[5] AS dir3
        FROM (SELECT auction, bidder, price, channel, split(url, '/') AS parts FROM bid)""",
}
ON_SALE = """auction.initialBid, auction.reserve, unix_millis(auction.dateTime) AS auctionTime,
        unix_millis(auction.expires) AS expires, auction.seller, auction.category"""
JOINED = {
    "q3": """SELECT person.name, person.city, person.state, auction.id AS auction FROM auction JOIN person ON auction.seller = person.id
        WHERE auction.category = 10 AND person.state IN ('OR', 'ID', 'CA')""",
    "q7": """SELECT auction, bidder, price, dateTime, extra
        FROM (SELECT auction, bidder, price, unix_millis(dateTime) AS dateTime, extra, window(dateTime, '10 seconds') AS own FROM bid)
        JOIN (SELECT window, max(price) AS highest FROM bid GROUP BY window(dateTime, '10 seconds'))
        ON own = window AND price = highest""",
    "q13": """SELECT auction, bidder, price, unix_millis(dateTime) AS dateTime, value FROM bid
        JOIN (SELECT id AS key, concat('value ', id) AS value FROM range(10000)) ON auction % 10000 = key""",
    "q20": """SELECT bid.auction, bid.bidder, bid.price, bid.channel, bid.url, unix_millis(bid.dateTime) AS dateTime, auction.itemName,
        auction.initialBid, unix_millis(auction.dateTime) AS auctionTime, unix_millis(auction.expires) AS expires, auction.seller,
        auction.category FROM bid JOIN auction ON bid.auction = auction.id WHERE auction.category = 10""",
    "q23": f"""SELECT bid.bidder, bid.price, bid.channel, bid.url, person.name, person.emailAddress, person.creditCard, person.city,
        person.state, auction.itemName, auction.description, {ON_SALE}
        FROM person JOIN auction ON auction.seller = person.id JOIN bid ON bid.bidder = person.id""",
}
BEST = """max_by(struct(bid.bidder, bid.price, unix_millis(bid.dateTime) AS dateTime, bid.extra),
            struct(bid.price, -unix_millis(bid.dateTime), -bid.bidder))"""
DAY = "date_format(dateTime, 'yyyy-MM-dd')"
RANKED = """count(*) AS totalBids, count_if(price < 10000) AS rank1Bids, count_if(price >= 10000 AND price < 1000000) AS rank2Bids,
        count_if(price >= 1000000) AS rank3Bids"""
# Rows that replace each other.
UPDATING = {
    "running": "SELECT bidder, count(*) AS bids, sum(price) AS total FROM bid GROUP BY bidder",
    "q9": f"""SELECT auction.id, auction.itemName, auction.description, {ON_SALE}, best.bidder, best.price, best.dateTime, best.extra
        FROM (SELECT auction.id, auction.itemName, auction.description, auction.initialBid, auction.reserve, auction.dateTime,
          auction.expires, auction.seller, auction.category, {BEST} AS best
          FROM auction JOIN bid ON auction.id = bid.auction AND bid.dateTime BETWEEN auction.dateTime AND auction.expires
          GROUP BY auction.id, auction.itemName, auction.description, auction.initialBid, auction.reserve, auction.dateTime,
          auction.expires, auction.seller, auction.category) AS auction""",
    "q12": f"""SELECT bidder, bids, unix_millis(window.start) AS windowStart, unix_millis(window.end) AS windowEnd
        FROM (SELECT bidder, window(seen, '10 seconds') AS window, count(*) AS bids
          FROM (SELECT bidder, current_timestamp() AS seen FROM bid) GROUP BY bidder, window(seen, '10 seconds'))""",
    "q17": f"""SELECT auction, {DAY} AS day, {RANKED}, min(price) AS minPrice, max(price) AS maxPrice, avg(price) AS avgPrice,
        sum(price) AS sumPrice FROM bid GROUP BY auction, {DAY}""",
    "q18": """SELECT auction, bidder, last.price, last.channel, last.url, last.dateTime, last.extra
        FROM (SELECT auction, bidder, max_by(struct(price, channel, url, unix_millis(dateTime) AS dateTime, extra),
          struct(dateTime, price, channel)) AS last FROM bid GROUP BY auction, bidder)""",
}
BOUNDS = ("unix_millis(window.start) AS windowStart", "unix_millis(window.end) AS windowEnd")


def tumbling(bid: DataFrame) -> DataFrame:
    averages = bid.groupBy(F.window("dateTime", "10 seconds"), "bidder").agg(F.avg("price").alias("averagePrice"))
    return averages.selectExpr("bidder", *BOUNDS, "averagePrice")


def counts(bid: DataFrame, size: str, slide: str) -> DataFrame:
    return bid.groupBy(F.window("dateTime", size, slide), "auction").agg(F.count("*").alias("bids"))


def sliding(bid: DataFrame) -> DataFrame:
    return counts(bid, "60 seconds", "10 seconds").selectExpr("auction", *BOUNDS, "bids")


def hottest(bid: DataFrame) -> DataFrame:
    """The auctions with the most bids per window: an aggregate of an aggregate, since windows cannot be ranked in a stream."""
    per_window = counts(bid, "10 seconds", "2 seconds").groupBy("window")
    ranked = per_window.agg(F.max("bids").alias("most"), F.collect_list(F.struct("auction", "bids")).alias("auctions"))
    winners = ranked.selectExpr("window", "explode(filter(auctions, a -> a.bids = most)) AS a")
    return winners.selectExpr("a.auction AS auction", *BOUNDS, "a.bids AS bids")


def sessions(bid: DataFrame) -> DataFrame:
    counted = bid.groupBy(F.session_window("dateTime", "10 seconds").alias("window"), "bidder").agg(F.count("*").alias("bids"))
    return counted.selectExpr("bidder", "bids", *BOUNDS)


def new_sellers(events: DataFrame) -> DataFrame:
    """Each of a window once, as it comes: of two aggregates of the last windows, a join sees none that a batch without rows closes."""
    window = F.window("dateTime", "10 seconds")
    came = events.where("event_type = 0").select(window.alias("came"), "id", "name").dropDuplicates(["came", "id", "name"])
    sold = events.where("event_type = 1").select(window.alias("sold"), "seller").dropDuplicates(["sold", "seller"])
    met = came.join(sold, F.expr("came = sold AND id = seller"))
    return met.selectExpr("id", "name", "unix_millis(came.start) AS windowStart")


WINDOWED = {"q5": hottest, "q11": sessions, "tumbling": tumbling, "sliding": sliding}
TIMED = {*WINDOWED, "q7", "q8"}


def session(options: argparse.Namespace) -> SparkSession:
    builder = SparkSession.builder.master(f"local[{options.cores}]").appName("nexmark")
    settings = {
        "spark.driver.memory": options.memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(options.cores),
        "spark.sql.streaming.checkpointFileManagerClass": (
            "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
        ),
    }
    if options.rocksdb:
        settings["spark.sql.streaming.stateStore.providerClass"] = (
            "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
        )
        settings["spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled"] = "true"
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def read(spark: SparkSession, options: argparse.Namespace) -> DataFrame:
    reader = spark.readStream.schema(ALL if options.query in {*JOINED, "q8", "q9"} else EVENT)
    if options.bytes_per_trigger:
        reader = reader.option("maxBytesPerTrigger", options.bytes_per_trigger)
    events = reader.json(options.input)
    return events.withWatermark("dateTime", "4 seconds") if options.query in TIMED else events


def start(spark: SparkSession, options: argparse.Namespace, output: str, checkpoints: str):
    events = read(spark, options)
    bid = events.where("event_type = 2").select("auction", "bidder", "price", "channel", "url", "dateTime", "extra")
    bid.createOrReplaceTempView("bid")
    if options.query in {*JOINED, "q9"}:
        for kind, name in enumerate(("person", "auction")):
            events.where(f"event_type = {kind}").createOrReplaceTempView(name)
    if options.query in UPDATING:
        # The folder of a batch is written again if the batch is: exactly once.
        def write(batch: DataFrame, number: int) -> None:
            batch.write.mode("overwrite").json(f"{output}/batch-{number:06d}")

        writer = spark.sql(UPDATING[options.query]).writeStream.outputMode("update").foreachBatch(write)
    else:
        text = (STATELESS | JOINED).get(options.query)
        if options.query == "q8":
            result = new_sellers(events)
        else:
            result = WINDOWED[options.query](bid) if text is None else spark.sql(text)
        writer = result.writeStream.outputMode("append").format("json").option("path", output)
    return writer.option("checkpointLocation", checkpoints).trigger(availableNow=True).start()


def process_cpu_ms(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def epoch_ms(instant: str) -> float:
    return datetime.fromisoformat(instant.replace("Z", "+00:00")).timestamp() * 1000


def main() -> None:
    words = argparse.ArgumentParser()
    for name in ("query", "input", "output", "checkpoints"):
        words.add_argument(f"--{name}", required=True)
    words.add_argument("--passes", type=int, default=2)
    words.add_argument("--cores", type=int, default=2)
    words.add_argument("--memory", default="4g")
    words.add_argument("--bytes-per-trigger", type=int, default=0)
    words.add_argument("--rocksdb", action="store_true")
    options = words.parse_args()
    started = float(os.environ.get("PEER_STARTED_MS", time.time() * 1000))
    spark = session(options)
    processes = (os.getpid(), int(spark._jvm.java.lang.ProcessHandle.current().pid()))
    for number in range(1, options.passes + 1):
        before = sum(map(process_cpu_ms, processes))
        query = start(spark, options, f"{options.output}/pass-{number}", f"{options.checkpoints}/pass-{number}")
        query.awaitTermination()
        ended = time.time() * 1000
        begun = epoch_ms(query.recentProgress[0]["timestamp"])
        cpu = sum(map(process_cpu_ms, processes))
        line = {
            "pass": number,
            "startMs": round(begun - started),
            "wallMs": round(ended - begun),
            "cpuMs": round(cpu - before),
            "processCpuMs": round(cpu),
            "checkpoints": query.lastProgress["batchId"] + 1,
        }
        print(json.dumps(line), flush=True)
    spark.stop()


main()
