//! The statement that writes audit rows.

use std::sync::LazyLock;

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, Statement, Value};

use crate::crud::Context;
use crate::model::ModelMeta;
use crate::store::now;

use super::Row;

/// The columns that all rows of a statement have in common.
const COMMON: [&str; 9] = [
    "at",
    "user_id",
    "username",
    "token_id",
    "door",
    "ip",
    "request_id",
    "change_set",
    "reason",
];

/// The columns of each row; the last is bound as the text that it was written as.
const OWN: [&str; 5] = ["verb", "model", "record_id", "undoes", "changes"];

const COLUMNS: usize = COMMON.len() + OWN.len();

/// How many rows one statement writes where each number is a statement of its own: few sizes, so that each
/// is prepared once.
const SIZES: [usize; 3] = [100, 10, 1];

static INTO: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<_> = COMMON.into_iter().chain(OWN).collect();
    format!("INSERT INTO qd_audit ({})", all.join(", "))
});

/// So many of `rows` the next statement takes.
pub(super) fn size(backend: DbBackend, rows: usize) -> usize {
    match backend {
        DbBackend::Postgres => rows,
        _ => SIZES.into_iter().find(|&n| n <= rows).unwrap_or(1),
    }
}

/// The statement that writes these rows, further ones of a set if one is given.
pub(super) fn statement(
    backend: DbBackend,
    (ctx, set): (&Context, Option<i64>),
    (rows, models): (&[Row], &[ModelMeta]),
) -> Statement {
    let principal = &ctx.principal;
    let common: [Value; COMMON.len()] = [
        now().into(),
        principal.user.as_ref().map(|u| u.id).into(),
        principal.name().into(),
        principal.token.as_ref().map(|t| t.id).into(),
        ctx.door.name().into(),
        ctx.address.map(|a| a.to_string()).into(),
        ctx.request_id.as_str().into(),
        set.into(),
        ctx.reason.as_deref().into(),
    ];
    if let (DbBackend::Postgres, [_, _, ..]) = (backend, rows) {
        let values = common.into_iter().chain(lists(rows, models));
        return Statement::from_sql_and_values(backend, &*OF_LISTS, values);
    }
    let mut values = Vec::with_capacity(rows.len() * COLUMNS);
    for row in rows {
        values.extend_from_slice(&common);
        values.extend([
            row.verb.name().into(),
            models[row.model.0].slug.as_str().into(),
            row.record_id.as_str().into(),
            row.undoes.into(),
            row.changes.as_str().into(),
        ]);
    }
    Statement::from_sql_and_values(backend, of_values(backend, rows.len()), values)
}

/// The values of [`OWN`], a list for each column. No list that is bound has nulls: what undoes nothing
/// says so by an empty text.
fn lists(rows: &[Row], models: &[ModelMeta]) -> [Value; OWN.len()] {
    let undoes = |row: &Row| row.undoes.map(|set| set.to_string()).unwrap_or_default();
    [
        texts(rows, |row| row.verb.name().into()),
        texts(rows, |row| models[row.model.0].slug.as_str().into()),
        texts(rows, |row| row.record_id.as_str().into()),
        texts(rows, |row| undoes(row).into()),
        texts(rows, |row| row.changes.as_str().into()),
    ]
}

fn texts(rows: &[Row], of: impl Fn(&Row) -> Value) -> Value {
    Value::Array(
        ArrayType::String,
        Some(Box::new(rows.iter().map(of).collect())),
    )
}

/// So many rows, each with all of its values.
fn of_values(backend: DbBackend, rows: usize) -> String {
    static NUMBERED: LazyLock<String> = LazyLock::new(|| {
        let bound: Vec<_> = (1..COLUMNS).map(|n| format!("${n}")).collect();
        format!("({}, CAST(${COLUMNS} AS text)::jsonb)", bound.join(", "))
    });
    static UNNUMBERED: LazyLock<String> =
        LazyLock::new(|| format!("({})", ["?"; COLUMNS].join(", ")));
    let row = match backend {
        DbBackend::Postgres => &NUMBERED,
        _ => &UNNUMBERED,
    };
    let mut sql = format!("{} VALUES {}", *INTO, **row);
    for _ in 1..rows {
        sql.push_str(", ");
        sql.push_str(row);
    }
    sql
}

/// What is each row's own as a list for each column, for PostgreSQL: any number of rows is the same
/// statement, and a cheaper one than of as many values.
static OF_LISTS: LazyLock<String> = LazyLock::new(|| {
    let common: Vec<_> = (1..=COMMON.len()).map(|n| format!("${n}")).collect();
    let lists: Vec<_> = (COMMON.len() + 1..=COLUMNS)
        .map(|n| format!("${n}::text[]"))
        .collect();
    format!(
        "{} SELECT {}, verb, model, record_id, CAST(NULLIF(undoes, '') AS bigint), changes::jsonb \
         FROM UNNEST({}) AS own ({})",
        *INTO,
        common.join(", "),
        lists.join(", "),
        OWN.join(", ")
    )
});
