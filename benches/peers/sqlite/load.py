#!/usr/bin/env python3
"""Builds the library's SQLite database from the files of the load test's generator.

usage: load.py AUTHOR.csv BOOK.csv OUT.sqlite [--force]

The tables are those of schema.sql beside this file. Text is stored as the library stores it: instants
as RFC 3339 with their offset, JSON as it stands in the file, prices and marks as doubles.
"""

import argparse
import csv
import pathlib
import sqlite3
import sys

SCHEMA = pathlib.Path(__file__).with_name("schema.sql")


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.reader(file)


def books(path):
    for row in rows(path):
        row[7] = row[7] == "t"
        yield row


def build(author_csv, book_csv, out):
    """Tables first, indexes last: building them once is cheaper than keeping them."""
    tables, mark, indexes = SCHEMA.read_text(encoding="utf-8").partition("CREATE INDEX")
    database = sqlite3.connect(out)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + tables)
    with database:
        database.executemany("INSERT INTO author VALUES (?, ?, ?, ?, ?)", rows(author_csv))
        database.executemany("INSERT INTO book VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", books(book_csv))
    database.executescript(mark + indexes + "ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")
    counts = database.execute("SELECT (SELECT count(*) FROM author), (SELECT count(*) FROM book)").fetchone()
    database.close()
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("author", type=pathlib.Path)
    parser.add_argument("book", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--force", action="store_true", help="replace OUT.sqlite when it exists")
    given = parser.parse_args()
    files = [given.out, *(given.out.with_name(given.out.name + end) for end in ("-wal", "-shm"))]
    if given.out.exists() and not given.force:
        sys.exit(f"{given.out} exists; --force replaces it")
    for file in files:
        file.unlink(missing_ok=True)
    authors, book_count = build(given.author, given.book, given.out)
    print(f"{given.out}: {authors} authors, {book_count} books, {given.out.stat().st_size >> 20} MB")


if __name__ == "__main__":
    main()
