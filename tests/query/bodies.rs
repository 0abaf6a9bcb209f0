//! Bodies of properties about queries from outside: they take anything and must not panic. `arbitrary`
//! calls them with random input, the fuzz targets include this file and call them with better: it
//! uses nothing but the library. What else is read from outside is in `readers`.

use std::sync::OnceLock;

use quarterdeck::acl::Principal;
use quarterdeck::acl::rule::{Rows, Unlimited};
use quarterdeck::entity::demo::{
    author, book, book_category, category, customer, order, publisher, staff_note,
};
use quarterdeck::model::describe::describe;
use quarterdeck::model::options::Options;
use quarterdeck::model::{Input, ModelId, ModelOptions, Registry};
use quarterdeck::query::cursor::Cursors;
use quarterdeck::query::path::Scope;
use quarterdeck::query::sql::Compiler;
use quarterdeck::query::{Limits, parse};
use sea_orm::DbBackend;
use sea_orm::sea_query::SelectStatement;

/// Names that are nobody's field, each once seen to reach SQL somewhere.
pub const NAMES: &[&str] = &[
    "",
    " ",
    ".",
    "..",
    "__",
    "-",
    "*",
    "%",
    "?",
    "$1",
    ":p",
    "@@version",
    "rowid",
    "oid",
    "ctid",
    "thing.name",
    "t0.name",
    "t1.name",
    "main.thing.name",
    "public.thing",
    "qd1.name",
    "\"name\"",
    "`name`",
    "[name]",
    "'name'",
    "NAME",
    "Name",
    "n\u{e4}me",
    "\u{ff4e}ame",
    "name ",
    " name",
    "name\0",
    "name\n",
    "name\t",
    "\u{1}name",
    "name\u{7f}",
    "name\u{200b}",
    "n%61me",
    "name%20",
    "name;",
    "name--",
    "name/*",
    "name*/",
    "name)",
    "name desc",
    "name,(SELECT qd_canary)",
    "name->'qd_canary'",
    "name->>'a'",
    "name::text",
    "count(*)",
    "sleep(9)",
    "name COLLATE NOCASE",
    "1",
    "1=1",
    "true",
    "NULL",
    "-name--",
    "owner..name",
    ".name",
    "name.",
    "owner.owner",
    "name__eq__eq",
    "name__",
    "__eq",
    "pg_class.relname",
    "sqlite_master",
    "password_hash",
    "$user.id",
    "{{7*7}}",
    "\\",
    "name\\",
    "\u{202e}eman",
];

/// The models that outside input is about here.
pub fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let options = ModelOptions::<book::Entity>::new()
            .search([book::Column::Title])
            .many_to_many::<category::Entity>("categories")
            .into_options();
        let (registry, _) = Registry::build(&[
            (describe::<book::Entity>(), options),
            (describe::<author::Entity>(), Options::default()),
            (describe::<publisher::Entity>(), Options::default()),
            (describe::<category::Entity>(), Options::default()),
            (describe::<book_category::Entity>(), Options::default()),
            (describe::<order::Entity>(), Options::default()),
            (describe::<customer::Entity>(), Options::default()),
            (describe::<staff_note::Entity>(), Options::default()),
        ]);
        registry
    })
}

fn with_scope(run: impl FnOnce(&mut Scope<'_>)) {
    let (lens, limits) = (Unlimited(registry()), Limits::default());
    run(&mut Scope {
        registry: registry(),
        lens: &lens,
        limits: &limits,
        conditions: 0,
    });
}

/// Parses parameters and, if they are a query, compiles it for every database.
pub fn list(parameters: &[(String, String)]) {
    let cursors = Cursors::new(&[0; 64]);
    with_scope(|scope| {
        let outcome = parse::list(scope, ModelId(0), parameters, &cursors);
        compile(outcome);
    });
    with_scope(|scope| {
        let _ = parse::record(scope, ModelId(0), parameters);
    });
    with_scope(|scope| {
        if let Ok((_, query)) = parse::export(scope, ModelId(0), parameters, &cursors) {
            let of = (&query, &query.filter);
            compiled(|compiler| compiler.whole(ModelId(0), of, &query.fields));
        }
    });
    with_scope(
        |scope| match parse::aggregate(scope, ModelId(0), parameters) {
            Ok(asked) => {
                compiled(|compiler| compiler.aggregate(ModelId(0), &asked, &asked.filter));
            }
            Err(error) => refused(&error),
        },
    );
}

/// Parses a body of `_search` and, if it is a query, compiles it; also as a row rule.
pub fn search(body: &[u8]) {
    let Ok(input) = Input::parse(body) else {
        return;
    };
    let cursors = Cursors::new(&[0; 64]);
    let rows = Rows::parse(&input);
    let _ = rows.filter(registry(), ModelId(0), &Principal::anonymous());
    let _ = rows.check(registry(), ModelId(0));
    with_scope(|scope| compile(parse::search(scope, ModelId(0), input, &cursors)));
}

fn compile(outcome: Result<quarterdeck::query::Query, quarterdeck::error::Error>) {
    let query = match outcome {
        Ok(query) => query,
        Err(error) => return refused(&error),
    };
    compiled(|compiler| compiler.page(ModelId(0), &query, &query.filter, &query.fields));
}

fn refused(error: &quarterdeck::error::Error) {
    assert!(matches!(error.kind.status(), 400 | 422), "{error:?}");
    assert!(!error.faults.is_empty(), "{error:?}");
}

/// Compiles for every database: what was sent is in no name.
fn compiled(mut make: impl FnMut(&mut Compiler<'_>) -> SelectStatement) {
    for backend in [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql] {
        let mut compiler = Compiler::new(registry(), backend);
        let page = make(&mut compiler);
        let (sql, _) = match backend {
            DbBackend::Postgres => page.build(sea_orm::sea_query::PostgresQueryBuilder),
            DbBackend::MySql => page.build(sea_orm::sea_query::MysqlQueryBuilder),
            _ => page.build(sea_orm::sea_query::SqliteQueryBuilder),
        };
        assert!(!sql.contains("qd_canary"), "{sql}");
    }
}
