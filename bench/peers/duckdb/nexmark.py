"""One query of the benchmark as a batch in DuckDB, one or more passes; a line of JSON for each.

Arguments: --query q0 --input FILE --output FOLDER [--passes 2] [--cores 2]. Each pass writes FOLDER/pass-N/result.json. A pass is
timed from the moment when the statement was given to the moment when its result is in the file.
"""

import argparse
import json
import os
import time

import duckdb

EVENT = {
    "event_type": "INTEGER",
    "auction": "BIGINT",
    "bidder": "BIGINT",
    "price": "BIGINT",
    "channel": "VARCHAR",
    "url": "VARCHAR",
    "dateTime": "TIMESTAMP",
    "extra": "VARCHAR",
}
# Of persons and auctions too; only the queries that read those ask for them.
ALL = EVENT | {
    "id": "BIGINT",
    "name": "VARCHAR",
    "emailAddress": "VARCHAR",
    "creditCard": "VARCHAR",
    "city": "VARCHAR",
    "state": "VARCHAR",
    "itemName": "VARCHAR",
    "description": "VARCHAR",
    "initialBid": "BIGINT",
    "reserve": "BIGINT",
    "expires": "TIMESTAMP",
    "seller": "BIGINT",
    "category": "BIGINT",
}
PRICE = "CAST(0.908 * price AS DECIMAL(23, 3))"
CHANNEL_ID = "nullif(regexp_extract(url, '(&|^)channel_id=([^&]*)', 2), '')"


def counts(size: int, slide: int) -> str:
    """Of each window of `size` seconds by `slide`: those that a moment is in begin at or up to size - slide before its slide."""
    return f"""SELECT auction, begin AS windowStart, begin + {size}000 AS windowEnd, sum(n) AS bids
        FROM (SELECT auction, epoch_ms("dateTime") // {slide}000 * {slide}000 AS slide, count(*) AS n FROM bid GROUP BY ALL),
        LATERAL (SELECT unnest(range(slide - {size - slide}000, slide + 1, {slide}000)) AS begin)
        GROUP BY ALL"""


RANKS = {"total": "true", "rank1": "price < 10000", "rank2": "price >= 10000 AND price < 1000000", "rank3": "price >= 1000000"}
DAY = "strftime(\"dateTime\", '%Y-%m-%d')"
MINUTE = "strftime(\"dateTime\", '%H:%M')"


def by_rank(what: str, counted: str) -> str:
    return ", ".join(f"count({counted}) FILTER (WHERE {of}) AS {name}{what}" for name, of in RANKS.items())


DISTINCT = f"{by_rank('Bids', '*')}, {by_rank('Bidders', 'DISTINCT bidder')}, {by_rank('Auctions', 'DISTINCT auction')}"

WINDOW = "epoch_ms(\"dateTime\") // 10000 * 10000"
ON_SALE = """auction.initialBid, auction.reserve, epoch_ms(auction."dateTime") AS auctionTime, epoch_ms(auction.expires) AS expires,
        auction.seller, auction.category"""

QUERIES = {
    "q3": """SELECT person.name, person.city, person.state, auction.id AS auction FROM auction JOIN person ON auction.seller = person.id
        WHERE auction.category = 10 AND person.state IN ('OR', 'ID', 'CA')""",
    "q4": """SELECT category, sum(highest) / count(*) AS average
        FROM (SELECT auction.category, CAST(max(bid.price) AS DOUBLE) AS highest FROM auction JOIN bid
          ON auction.id = bid.auction AND bid."dateTime" BETWEEN auction."dateTime" AND auction.expires
          GROUP BY auction.id, auction.category) GROUP BY category""",
    "q6": """SELECT seller, sum(final) / count(*) AS average
        FROM (SELECT auction.seller, CAST(max(bid.price) AS DOUBLE) AS final FROM auction JOIN bid
          ON auction.id = bid.auction AND bid."dateTime" BETWEEN auction."dateTime" AND auction.expires
          GROUP BY auction.id, auction.seller, auction.expires
          QUALIFY row_number() OVER (PARTITION BY auction.seller ORDER BY auction.expires DESC, auction.id DESC) <= 10)
        GROUP BY seller""",
    "q7": f"""SELECT auction, bidder, price, epoch_ms("dateTime") AS dateTime, extra FROM bid
        QUALIFY price = max(price) OVER (PARTITION BY {WINDOW})""",
    "q9": f"""SELECT auction.id, auction.itemName, auction.description, {ON_SALE}, bid.bidder, bid.price,
        epoch_ms(bid."dateTime") AS dateTime, bid.extra
        FROM auction JOIN bid ON auction.id = bid.auction AND bid."dateTime" BETWEEN auction."dateTime" AND auction.expires
        QUALIFY row_number() OVER (PARTITION BY auction.id ORDER BY bid.price DESC, bid."dateTime", bid.bidder) = 1""",
    "q23": f"""SELECT bid.bidder, bid.price, bid.channel, bid.url, person.name, person.emailAddress, person.creditCard, person.city,
        person.state, auction.itemName, auction.description, {ON_SALE}
        FROM bid JOIN person ON bid.bidder = person.id JOIN auction ON auction.seller = person.id""",
    "q8": f"""SELECT id, name, p.at AS windowStart FROM (SELECT DISTINCT id, name, {WINDOW} AS at FROM person) p
        JOIN (SELECT DISTINCT seller, {WINDOW} AS at FROM auction) a ON p.id = a.seller AND p.at = a.at""",
    "q13": """SELECT auction, bidder, price, epoch_ms("dateTime") AS dateTime, value FROM bid
        JOIN (SELECT key, 'value ' || key AS value FROM range(10000) side(key)) ON auction % 10000 = key""",
    "q20": """SELECT bid.auction, bid.bidder, bid.price, bid.channel, bid.url, epoch_ms(bid."dateTime") AS dateTime, auction.itemName,
        auction.initialBid, epoch_ms(auction."dateTime") AS auctionTime, epoch_ms(auction.expires) AS expires, auction.seller, auction.category
        FROM bid JOIN auction ON bid.auction = auction.id WHERE auction.category = 10""",
    "q0": 'SELECT epoch_ms("dateTime") AS dateTime, bidder, auction, price, extra FROM bid',
    "q1": f'SELECT epoch_ms("dateTime") AS dateTime, bidder, auction, {PRICE} AS price, extra FROM bid',
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q5": f"""WITH counted AS ({counts(10, 2)})
        SELECT * FROM counted QUALIFY bids = max(bids) OVER (PARTITION BY windowStart)""",
    "q10": f"""SELECT auction, bidder, price, epoch_ms("dateTime") AS dateTime, extra, {DAY} AS day, {MINUTE} AS minute FROM bid""",
    "q11": """WITH timed AS (SELECT bidder, epoch_ms("dateTime") AS ms FROM bid),
        apart AS (SELECT *, ms - lag(ms) OVER (PARTITION BY bidder ORDER BY ms) <= 10000 AS goes_on FROM timed),
        numbered AS (SELECT *, sum(if(goes_on, 0, 1)) OVER (PARTITION BY bidder ORDER BY ms ROWS UNBOUNDED PRECEDING) AS session FROM apart)
        SELECT bidder, count(*) AS bids, min(ms) AS windowStart, max(ms) + 10000 AS windowEnd FROM numbered GROUP BY bidder, session""",
    "q14": f"""SELECT auction, bidder, {PRICE} AS price,
        CASE WHEN hour("dateTime") BETWEEN 8 AND 18 THEN 'dayTime'
          WHEN hour("dateTime") <= 6 OR hour("dateTime") >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bidTimeType,
        epoch_ms("dateTime") AS dateTime, extra, length(extra) - length(replace(extra, 'c', '')) AS cCount
        FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000""",
    "q15": f"SELECT {DAY} AS day, {DISTINCT} FROM bid GROUP BY day",
    "q16": f"SELECT channel, {DAY} AS day, max({MINUTE}) AS minute, {DISTINCT} FROM bid GROUP BY channel, day",
    "q17": f"""SELECT auction, {DAY} AS day, {by_rank('Bids', '*')}, min(price) AS minPrice, max(price) AS maxPrice, avg(price) AS avgPrice,
        CAST(sum(price) AS BIGINT) AS sumPrice FROM bid GROUP BY auction, day""",
    "q18": """SELECT auction, bidder, price, channel, url, epoch_ms("dateTime") AS dateTime, extra FROM bid
        QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY "dateTime" DESC, price DESC, channel DESC) = 1""",
    "q19": """SELECT auction, row_number() OVER dearest AS rank, bidder, price, channel, url, epoch_ms("dateTime") AS dateTime, extra FROM bid
        WINDOW dearest AS (PARTITION BY auction ORDER BY price DESC, "dateTime", bidder, extra) QUALIFY rank <= 10""",
    "q21": f"""SELECT auction, bidder, price, channel, CASE lower(channel)
          WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3' ELSE {CHANNEL_ID} END
          AS channelId FROM bid WHERE {CHANNEL_ID} IS NOT NULL OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')""",
    "q22": """SELECT auction, bidder, price, channel, parts[4] AS dir1, parts[5] AS dir2, parts[6] AS dir3
        FROM (SELECT auction, bidder, price, channel, string_split(url, '/') AS parts FROM bid)""",
    "tumbling": """SELECT bidder, epoch_ms("dateTime") // 10000 * 10000 AS windowStart, windowStart + 10000 AS windowEnd,
        avg(price) AS averagePrice FROM bid GROUP BY bidder, windowStart""",
    "sliding": counts(60, 10),
    "running": "SELECT bidder, count(*) AS bids, sum(price) AS total FROM bid GROUP BY bidder",
}


def main() -> None:
    words = argparse.ArgumentParser()
    for name in ("query", "input", "output"):
        words.add_argument(f"--{name}", required=True)
    words.add_argument("--passes", type=int, default=2)
    words.add_argument("--cores", type=int, default=2)
    options = words.parse_args()
    started = float(os.environ.get("PEER_STARTED_MS", time.time() * 1000))
    database = duckdb.connect(config={"threads": options.cores, "preserve_insertion_order": False})
    columns = "{" + ", ".join(f"'{name}': '{of}'" for name, of in ALL.items()) + "}"
    for kind, name in enumerate(("person", "auction", "bid")):
        database.execute(
            f"""CREATE VIEW {name} AS SELECT * FROM read_json('{options.input}', format = 'newline_delimited', columns = {columns})
            WHERE event_type = {kind}"""
        )
    for number in range(1, options.passes + 1):
        folder = f"{options.output}/pass-{number}"
        os.makedirs(folder)
        begun, cpu = time.time() * 1000, time.process_time()
        database.execute(f"COPY ({QUERIES[options.query]}) TO '{folder}/result.json' (FORMAT json)")
        line = {
            "pass": number,
            "startMs": round(begun - started),
            "wallMs": round(time.time() * 1000 - begun),
            "cpuMs": round((time.process_time() - cpu) * 1000),
            "processCpuMs": round(time.process_time() * 1000),
        }
        print(json.dumps(line), flush=True)


main()
