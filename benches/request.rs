//! What runs on every request and is ours, without a network or a server: reading a query string,
//! deciding, compiling for each database, cursors, writing a page, checking a body.
//!
//! `cargo bench -p quarterdeck` runs them; `docs/PERFORMANCE.md` says how to compare two states.

#![expect(
    clippy::expect_used,
    reason = "a benchmark ends where an expectation is not met"
)]

use std::sync::LazyLock;

use divan::{Bencher, black_box};
use quarterdeck::acl::{Access, Grant, Policy, Principal, Rows, User, decide};
use quarterdeck::entity::demo::{author, book, book_category, category, publisher};
use quarterdeck::http::body;
use quarterdeck::model::describe::describe;
use quarterdeck::model::options::Options;
use quarterdeck::model::patch::{Purpose, validate};
use quarterdeck::model::{Input, ModelId, ModelOptions, Registry, Verb, value};
use quarterdeck::query::cursor::{Binding, Cursors, digest};
use quarterdeck::query::path::Scope;
use quarterdeck::query::sql::Compiler;
use quarterdeck::query::{Limits, Mark, Query, parse};
use quarterdeck::store::row;
use sea_orm::sea_query::{MysqlQueryBuilder, PostgresQueryBuilder, SqliteQueryBuilder};
use sea_orm::{ConnectionTrait as _, Database, DbBackend, QueryResult, Schema, Statement};

const BOOK: ModelId = ModelId(0);
/// Query strings by name.
const LISTS: [(&str, &str); 2] = [
    ("simple", "sort=-id&limit=25"),
    (
        "filtered",
        "author.name__icontains=ada&price__between=5,20&in_print=true&published_on__gte=2020-01-01\
         &sort=-published_on,title&limit=25&fields=id,title,price,published_on&expand=author",
    ),
];
const BODY: &str = r#"{"isbn":"9783161484100","title":"The Art of Cursors","subtitle":null,
    "author_id":7,"publisher_id":3,"price":"12.50","pages":320,"published_on":"2026-11-22",
    "in_print":true,"rating":4.5,"language":"en","description":"Pages & pages of \"pages\".",
    "metadata":{"tags":["a","b"],"weight":0.4},"created_at":"2026-11-22T07:08:09Z",
    "updated_at":"2026-11-22T07:08:09Z"}"#;

fn registry() -> Registry {
    let books = ModelOptions::<book::Entity>::new()
        .search([book::Column::Title])
        .many_to_many::<category::Entity>("categories")
        .into_options();
    let (registry, _) = Registry::build(&[
        (describe::<book::Entity>(), books),
        (describe::<author::Entity>(), Options::default()),
        (describe::<publisher::Entity>(), Options::default()),
        (describe::<category::Entity>(), Options::default()),
        (describe::<book_category::Entity>(), Options::default()),
    ]);
    registry
}

/// A clerk with two roles: one sees the books in print, the other those of its own author, without
/// their price.
fn clerk() -> Principal {
    Principal {
        user: Some(User {
            id: 7,
            username: "clerk".into(),
            email: None,
            superuser: false,
            roles: vec![1, 2],
        }),
        ..Principal::default()
    }
}

fn policy() -> Policy {
    let grant = |role, rows: &str, readable: Option<&[&str]>| {
        let rows = Rows::parse(&Input::parse(rows.as_bytes()).expect("a row rule"));
        let names = readable.map(|names| names.iter().map(|&n| n.to_owned()).collect());
        Grant {
            role,
            verbs: Verb::ALL.to_vec(),
            rows,
            readable: names.clone(),
            writable: names,
        }
    };
    let own = ["title", "author_id", "published_on", "in_print"];
    let mut grants = vec![
        (BOOK, grant(1, r#"{"in_print":true}"#, None)),
        (BOOK, grant(2, r#"{"author_id":"$user.id"}"#, Some(&own))),
    ];
    grants.extend((1..5).map(|model| (ModelId(model), grant(1, r#""all""#, None))));
    Policy::new(1, grants)
}

/// What every benchmark looks at.
struct Desk {
    registry: Registry,
    policy: Policy,
    limits: Limits,
    cursors: Cursors,
}

static DESK: LazyLock<Desk> = LazyLock::new(Desk::new);

impl Desk {
    fn new() -> Self {
        Self {
            registry: registry(),
            policy: policy(),
            limits: Limits::default(),
            cursors: Cursors::new(&[7; 64]),
        }
    }

    /// From a query string to a query, as `Engine::list` does it.
    fn parse(&self, principal: &Principal, list: &str) -> Query {
        let found = LISTS.iter().find(|(name, _)| *name == list);
        let (_, text) = found.expect("one of the lists");
        let parameters = body::form(text.as_bytes()).expect("parameters");
        let access = Access::new(&self.registry, &self.policy, principal);
        let allowed = access.scope(Verb::List, BOOK).expect("a scope");
        let lens = access.lens(BOOK, &allowed);
        let mut scope = Scope {
            registry: &self.registry,
            lens: &lens,
            limits: &self.limits,
            conditions: 0,
        };
        parse::list(&mut scope, BOOK, &parameters, &self.cursors).expect("a query")
    }

    /// From a query to the statement of its page.
    fn compile(&self, query: &Query, backend: DbBackend) -> String {
        let mut compiler = Compiler::new(&self.registry, backend);
        let page = compiler.page(BOOK, query, &query.filter, &query.fields);
        let (sql, _) = match backend {
            DbBackend::Postgres => page.build(PostgresQueryBuilder),
            DbBackend::MySql => page.build(MysqlQueryBuilder),
            _ => page.build(SqliteQueryBuilder),
        };
        sql
    }
}

/// 25 books as SQLite's driver gives them, in the order of the model's fields.
fn rows() -> Vec<QueryResult> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let db = Database::connect("sqlite::memory:")
            .await
            .expect("a database in memory");
        let table = Schema::new(DbBackend::Sqlite).create_table_from_entity(book::Entity);
        let table = DbBackend::Sqlite.build(&table).to_string();
        // The tables it refers to are not needed to write its rows.
        let all = "PRAGMA foreign_keys = OFF;";
        let fill = "INSERT INTO book WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                    WHERE i < 25) SELECT i, '978316148410' || i, 'Title number ' || i, NULL, i, 3, \
                    '12.50', 320, '2026-11-22', 1, 4.5, 'en', 'Pages & pages of \"pages\".', \
                    '{\"tags\":[\"a\",\"b\"]}', '2026-11-22 07:08:09', '2026-11-22 07:08:09' FROM n";
        for sql in [all, &table, fill] {
            db.execute_unprepared(sql).await.expect("a statement");
        }
        let select = Statement::from_string(DbBackend::Sqlite, "SELECT * FROM book");
        db.query_all_raw(select).await.expect("25 books")
    })
}

/// Parsing: the principal decides how much there is to decide on the way.
mod parsing {
    use super::*;

    #[divan::bench(args = LISTS.map(|(name, _)| name))]
    fn superuser(bencher: Bencher<'_, '_>, list: &str) {
        let who = Principal::system();
        bencher.bench(|| DESK.parse(black_box(&who), black_box(list)));
    }

    #[divan::bench(args = LISTS.map(|(name, _)| name))]
    fn two_roles(bencher: Bencher<'_, '_>, list: &str) {
        let who = clerk();
        bencher.bench(|| DESK.parse(black_box(&who), black_box(list)));
    }
}

#[divan::bench(args = [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql])]
fn compile(bencher: Bencher<'_, '_>, backend: DbBackend) {
    let query = DESK.parse(&clerk(), "filtered");
    bencher.bench(|| DESK.compile(black_box(&query), backend));
}

mod deciding {
    use super::*;

    fn ask(bencher: Bencher<'_, '_>, who: &Principal) {
        let asked = (Verb::List, BOOK);
        bencher.bench(|| decide(&DESK.policy, &DESK.registry, black_box(who), asked));
    }

    #[divan::bench]
    fn superuser(bencher: Bencher<'_, '_>) {
        ask(bencher, &Principal::system());
    }

    #[divan::bench]
    fn two_roles(bencher: Bencher<'_, '_>) {
        ask(bencher, &clerk());
    }
}

/// The cursors of a filtered list: what binds one to its query, and the two ways through it.
mod cursor {
    use super::*;

    fn of(query: &Query) -> (Binding, Vec<Mark>) {
        let model = DESK.registry.model(BOOK);
        let values = query.sort.iter().map(|key| {
            let kind = &model.fields[key.field].kind;
            let text = ["2026-11-22", "7"];
            let mut values = text
                .into_iter()
                .filter_map(|t| value::from_text(kind, t).ok());
            Mark::from(values.next().expect("a sort value"))
        });
        let values = values.collect();
        (digest(model, &query.filter, &query.sort), values)
    }

    #[divan::bench]
    fn binding(bencher: Bencher<'_, '_>) {
        let query = DESK.parse(&Principal::system(), "filtered");
        let model = DESK.registry.model(BOOK);
        bencher.bench(|| digest(model, black_box(&query.filter), &query.sort));
    }

    #[divan::bench]
    fn seal(bencher: Bencher<'_, '_>) {
        let query = DESK.parse(&Principal::system(), "filtered");
        let (binding, values) = of(&query);
        bencher.bench(|| DESK.cursors.seal(&binding, true, black_box(&values)));
    }

    #[divan::bench]
    fn open(bencher: Bencher<'_, '_>) {
        let query = DESK.parse(&Principal::system(), "filtered");
        let (binding, values) = of(&query);
        let model = DESK.registry.model(BOOK);
        let sealed = DESK.cursors.seal(&binding, true, &values);
        bencher.bench(|| {
            let opened = DESK
                .cursors
                .open(black_box(&sealed), &binding, model, &query.sort);
            opened.expect("a cursor of ours")
        });
    }
}

#[divan::bench]
fn page_of_25_rows(bencher: Bencher<'_, '_>) {
    let rows = rows();
    assert_eq!(rows.len(), 25);
    let model = DESK.registry.model(BOOK);
    bencher.bench(|| {
        let mut out = Vec::with_capacity(256 + rows.len() * 320);
        for row in black_box(&rows) {
            for (i, field) in model.fields.iter().enumerate() {
                value::write_string(&mut out, &field.name);
                out.push(b':');
                row::write_json(&mut out, row, i, &field.kind).expect("a cell");
                out.push(b',');
            }
        }
        out
    });
}

/// The body of a write: its bytes as strict JSON, and that against the model.
mod writing {
    use super::*;

    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        bencher.bench(|| Input::parse(black_box(BODY.as_bytes())).expect("JSON"));
    }

    #[divan::bench]
    fn check(bencher: Bencher<'_, '_>) {
        let input = Input::parse(BODY.as_bytes()).expect("JSON");
        let model = DESK.registry.model(BOOK);
        let scope = quarterdeck::acl::Scope::full(model);
        let bencher = bencher.with_inputs(|| input.clone());
        bencher.bench_values(|body| validate(model, body, Purpose::Create, &scope).expect("valid"));
    }
}

fn main() {
    divan::main();
}
