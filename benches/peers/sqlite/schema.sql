-- The library's tables as its migration makes them on SQLite; a test of the library compares the two.
CREATE TABLE "author" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" varchar(200) NOT NULL,
    "country" char(2) NOT NULL,
    "born" date_text NOT NULL,
    "bio" text NOT NULL
);
CREATE TABLE "book" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "author_id" integer NOT NULL,
    "title" varchar(200) NOT NULL,
    "isbn" varchar(13) NOT NULL,
    "price" real(10, 2) NOT NULL,
    "pages" integer NOT NULL,
    "published" timestamp_with_timezone_text NOT NULL,
    "in_print" boolean NOT NULL,
    "rating" double NOT NULL,
    "metadata" jsonb_text NOT NULL,
    FOREIGN KEY ("author_id") REFERENCES "author" ("id")
);
CREATE INDEX "book_author_id_idx" ON "book" ("author_id");
CREATE INDEX "book_published_idx" ON "book" ("published");
CREATE UNIQUE INDEX "book_isbn_key" ON "book" ("isbn");
