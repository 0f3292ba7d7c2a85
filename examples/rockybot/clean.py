"""Makes prices.csv and mapping.csv from the file eth_btc_hourly.csv of the RockyBot repository of Modulus Labs, commit 7d22147 (MIT).

Run by hand:  python clean.py PATH/eth_btc_hourly.csv
It also writes the faulty places of the source to tests/fixtures/rockybot/faults.csv, for the tests. It needs Python 3.7 or later, and
nothing else.

The source has 10,116 rows for 10,105 hours. Its times are those of Los Angeles with the offset from UTC, and every offset is right: an hour
in UTC is all that it takes to order the rows. The repeats come from the columns eth_nextdayprice, eth_nexthourprice and eth_nextweekprice,
which the authors joined to the table one after the other, by the time on the clock. When the clocks change, one time on the clock is two
hours or none, and a row that matches two later rows is there twice, as are those that match it in the next join. The same joins over the
10,104 hours that have a price give the same 10,115 rows. So every repeat is the same hour with the same price, the first row of each
stays, and no row moves to another hour.

The remaining row is 2021-12-31T23:00 in Los Angeles. It copies the row before it, which says that it knows no next price: the source has no
price of this hour. The row stays as it is. So does 2021-11-14T13:00 with 3,051.13 USD between 4,545.86 and 4,577.13: it is what the source
says, and whoever reads the prices has to refuse it.
"""

import csv
import hashlib
import io
import sys
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURE = HERE.parent.parent / "tests" / "fixtures" / "rockybot" / "faults.csv"
SOURCE_SHA256 = "0a144f48b944a05d6a2b25d5dd9468e6764bf7fbe276907b489bad8a413622f2"
CENT = Decimal("0.01")
HOUR = timedelta(hours=1)
# The columns that the authors joined by the time on the clock and that may differ between the rows of one hour.
JOINED = {"eth_nextdayprice", "eth_nextweekprice", "btc_nextdayprice", "btc_nextweekprice"}
TIMES = {"eth_time", "btc_time"}
FIXTURE_COLUMNS = ["eth_time", "eth_price", "eth_nexthourprice"]
# Rows of the fixture before and after each fault.
AROUND = 2
# A move beyond this share of the price in an hour is named in mapping.csv.
MAX_MOVE = Decimal("0.25")


class Row:
    """A row of the source: its line (the header is line 1), its columns, its hour in UTC and its price in USD, to the cent."""

    def __init__(self, line, columns):
        self.line, self.columns = line, columns
        self.hour = datetime.fromisoformat(columns["eth_time"]).astimezone(timezone.utc)
        self.price = Decimal(columns["eth_price"]).quantize(CENT, ROUND_HALF_EVEN)
        if (self.hour.minute, self.hour.second, self.hour.microsecond) != (0, 0, 0):
            sys.exit(f"line {line}: {columns['eth_time']} is not a whole hour")

    def clock(self):
        """The time on the clock in Los Angeles, without the offset."""
        return self.columns["eth_time"][:-6]

    def differences(self, other):
        """The columns in which two rows differ."""
        return {name for name in self.columns if self.columns[name] != other.columns[name]}


def stamp(hour):
    return hour.strftime("%Y-%m-%dT%H:%M:%SZ")


def read(path):
    """The rows of the source, if it is the file that this script was written for."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        sys.exit(f"cannot read {path}: {error.strerror}")
    digest = hashlib.sha256(data).hexdigest()
    if digest != SOURCE_SHA256:
        sys.exit(f"{path} has the SHA-256 {digest}, not {SOURCE_SHA256}: take the file of commit 7d22147")
    return [Row(line, columns) for line, columns in enumerate(csv.DictReader(io.StringIO(data.decode(), newline="")), start=2)]


def clean(rows):
    """The rows that stay, one for each hour, and what there is to say about others and about them: (row, action, reason)."""
    kept, mapping = [rows[0]], []
    for row in rows[1:]:
        last = kept[-1]
        if row.hour == last.hour:
            differences = row.differences(last)
            if not differences <= JOINED:
                sys.exit(f"line {row.line}: the hour of line {last.line} with another {', '.join(sorted(differences - JOINED))}")
            other = "".join(f", another {name}" for name in sorted(differences) if name.startswith("eth_"))
            mapping.append((row, "dropped", f"the hour of line {last.line} again: same price{other}"))
            continue
        if row.hour != last.hour + HOUR:
            sys.exit(f"line {row.line}: {stamp(row.hour)} does not follow {stamp(last.hour)} of line {last.line}")
        if row.clock() == last.clock():
            mapping.append((row, "kept", f"the clock went back: the hour after line {last.line}, not the same one"))
        if row.differences(last) == TIMES:
            mapping.append((row, "kept", f"a copy of line {last.line}: the source has no price of this hour"))
        kept.append(row)
    for before, row, after in zip(kept, kept[1:], kept[2:]):
        if all(abs(row.price - beside.price) > MAX_MOVE * before.price for beside in (before, after)):
            mapping.append((row, "kept", f"a glitch of the source: {before.price} before it and {after.price} after it"))
    return kept, sorted(mapping, key=lambda entry: entry[0].line)


def around(rows, mapping):
    """The rows beside those of the mapping, and these themselves."""
    lines = {row.line + distance for row, _, _ in mapping for distance in range(-AROUND, AROUND + 1)}
    return [row for row in rows if row.line in lines]


def table(header, lines):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue().encode()


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: python clean.py PATH/eth_btc_hourly.csv")
    rows = read(sys.argv[1])
    kept, mapping = clean(rows)
    files = {
        HERE / "prices.csv": table(["hour", "price"], ([stamp(row.hour), row.price] for row in kept)),
        HERE / "mapping.csv": table(
            ["line", "eth_time", "hour", "price", "action", "reason"],
            ([row.line, row.columns["eth_time"], stamp(row.hour), row.price, action, reason] for row, action, reason in mapping),
        ),
        FIXTURE: table(
            ["line"] + FIXTURE_COLUMNS,
            ([row.line] + [row.columns[name] for name in FIXTURE_COLUMNS] for row in around(rows, mapping)),
        ),
    }
    for path, data in files.items():
        path.write_bytes(data)
    print(f"{len(rows)} rows, {len(kept)} hours from {stamp(kept[0].hour)} to {stamp(kept[-1].hour)}, {len(mapping)} lines in mapping.csv")


if __name__ == "__main__":
    main()
