//! The book handlers, one for each workload: read, list (filters, order, pages, author), create
//! and patch.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use sqlx::{FromRow, QueryBuilder, Sqlite, types::Json as JsonText};

use crate::{Answer, Failure, database::Database, session::SignedIn};

const PAGE: i64 = 25;

#[derive(Serialize, FromRow)]
pub(crate) struct Book {
    id: i64,
    author_id: i64,
    title: String,
    isbn: String,
    #[serde(serialize_with = "two_digits")]
    price: f64,
    pages: i32,
    published: DateTime<Utc>,
    in_print: bool,
    rating: f64,
    metadata: JsonText<Box<RawValue>>,
}

#[derive(Serialize, FromRow)]
struct Author {
    #[sqlx(rename = "writer_id")]
    id: i64,
    name: String,
    country: String,
    born: NaiveDate,
    bio: String,
}

#[derive(Serialize, FromRow)]
struct BookWithAuthor {
    #[serde(flatten)]
    #[sqlx(flatten)]
    book: Book,
    #[sqlx(flatten)]
    author: Author,
}

#[derive(Serialize)]
struct Page<T> {
    total: Option<i64>,
    results: Vec<T>,
}

/// SQLite keeps the price as a double; the answer shows it as money, like the other peers.
fn two_digits<S: Serializer>(price: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{price:.2}"))
}

pub(crate) async fn read(
    _: SignedIn,
    State(database): State<Database>,
    Path(id): Path<i64>,
) -> Answer<Json<Book>> {
    let statement = "SELECT id, author_id, title, isbn, price, pages, published, in_print, rating, \
                     metadata FROM book WHERE id = ?";
    Ok(Json(
        sqlx::query_as(statement)
            .bind(id)
            .fetch_one(&database.readers)
            .await?,
    ))
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    page: Option<i64>,
    in_print: Option<bool>,
    price_min: Option<f64>,
    price_max: Option<f64>,
    ordering: Option<String>,
    expand: Option<String>,
    count: Option<bool>,
}

pub(crate) async fn list(
    _: SignedIn,
    State(database): State<Database>,
    Query(query): Query<ListQuery>,
) -> Answer<Response> {
    let order = match query.ordering.as_deref() {
        None => "b.id",
        Some("published") => "b.published",
        Some("-published") => "b.published DESC",
        Some(_) => return Err(Failure::invalid("ordering")),
    };
    let expand = match query.expand.as_deref() {
        None => false,
        Some("author") => true,
        Some(_) => return Err(Failure::invalid("expand")),
    };
    let mut statement = QueryBuilder::new(
        "SELECT b.id, b.author_id, b.title, b.isbn, b.price, b.pages, b.published, b.in_print, \
         b.rating, b.metadata",
    );
    statement.push(if expand {
        ", a.id AS writer_id, a.name, a.country, a.born, a.bio \
         FROM book b JOIN author a ON a.id = b.author_id"
    } else {
        " FROM book b"
    });
    push_filters(&mut statement, &query);
    statement
        .push(" ORDER BY ")
        .push(order)
        .push(" LIMIT ")
        .push_bind(PAGE);
    statement
        .push(" OFFSET ")
        .push_bind((query.page.unwrap_or(1) - 1) * PAGE);
    let total = total(&database, &query).await?;
    Ok(if expand {
        let results: Vec<BookWithAuthor> = statement
            .build_query_as()
            .fetch_all(&database.readers)
            .await?;
        Json(Page { total, results }).into_response()
    } else {
        let results: Vec<Book> = statement
            .build_query_as()
            .fetch_all(&database.readers)
            .await?;
        Json(Page { total, results }).into_response()
    })
}

async fn total(database: &Database, query: &ListQuery) -> Answer<Option<i64>> {
    if query.count == Some(false) {
        return Ok(None);
    }
    let mut statement = QueryBuilder::new("SELECT count(*) FROM book b");
    push_filters(&mut statement, query);
    Ok(Some(
        statement
            .build_query_scalar()
            .fetch_one(&database.readers)
            .await?,
    ))
}

fn push_filters(statement: &mut QueryBuilder<Sqlite>, query: &ListQuery) {
    statement.push(" WHERE true");
    if let Some(value) = query.in_print {
        statement.push(" AND b.in_print = ").push_bind(value);
    }
    if let Some(value) = query.price_min {
        statement.push(" AND b.price >= ").push_bind(value);
    }
    if let Some(value) = query.price_max {
        statement.push(" AND b.price <= ").push_bind(value);
    }
}

#[derive(Deserialize)]
pub(crate) struct NewBook {
    author_id: i64,
    title: String,
    isbn: String,
    price: Decimal,
    pages: i32,
    published: DateTime<Utc>,
    in_print: bool,
    rating: f64,
    metadata: Box<RawValue>,
}

pub(crate) async fn create(
    _: SignedIn,
    State(database): State<Database>,
    Json(new): Json<NewBook>,
) -> Answer<(StatusCode, Json<Book>)> {
    check_title(&new.title)?;
    check_pages(new.pages)?;
    if new.isbn.len() != 13 {
        return Err(Failure::invalid("isbn"));
    }
    let statement = "INSERT INTO book (author_id, title, isbn, price, pages, published, in_print, \
                     rating, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, author_id, \
                     title, isbn, price, pages, published, in_print, rating, metadata";
    let book = sqlx::query_as(statement)
        .bind(new.author_id)
        .bind(new.title)
        .bind(new.isbn)
        .bind(money(new.price)?)
        .bind(new.pages)
        .bind(new.published)
        .bind(new.in_print)
        .bind(new.rating)
        .bind(JsonText(new.metadata))
        .fetch_all(&database.writer)
        .await?;
    Ok((StatusCode::CREATED, Json(only(book)?)))
}

#[derive(Deserialize)]
pub(crate) struct Change {
    title: Option<String>,
    price: Option<Decimal>,
    pages: Option<i32>,
}

pub(crate) async fn patch(
    _: SignedIn,
    State(database): State<Database>,
    Path(id): Path<i64>,
    Json(change): Json<Change>,
) -> Answer<Json<Book>> {
    change.title.as_deref().map_or(Ok(()), check_title)?;
    change.pages.map_or(Ok(()), check_pages)?;
    let statement = "UPDATE book SET title = coalesce(?, title), price = coalesce(?, price), \
                     pages = coalesce(?, pages) WHERE id = ? RETURNING id, author_id, title, isbn, \
                     price, pages, published, in_print, rating, metadata";
    let book = sqlx::query_as(statement)
        .bind(change.title)
        .bind(change.price.map(money).transpose()?)
        .bind(change.pages)
        .bind(id)
        .fetch_all(&database.writer)
        .await?;
    Ok(Json(only(book)?))
}

/// Writes are fetched whole, never with `fetch_one`: that abandons the statement after its row, and
/// SQLite moves the log into the database only when a statement has run to its end. The log of a
/// program that abandons every write grows for ever and makes every read slower.
fn only(mut written: Vec<Book>) -> Answer<Book> {
    Ok(written.pop().ok_or(sqlx::Error::RowNotFound)?)
}

fn check_title(title: &str) -> Answer<()> {
    let length = title.chars().count();
    if (1..=200).contains(&length) {
        Ok(())
    } else {
        Err(Failure::invalid("title"))
    }
}

fn check_pages(pages: i32) -> Answer<()> {
    if pages >= 0 {
        Ok(())
    } else {
        Err(Failure::invalid("pages"))
    }
}

fn money(price: Decimal) -> Answer<f64> {
    price
        .to_f64()
        .filter(|_| price.scale() <= 2)
        .ok_or_else(|| Failure::invalid("price"))
}
