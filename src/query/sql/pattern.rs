//! The patterns of text operators: the text is always taken literally, and case counts or does not
//! count alike on every database.

use sea_orm::DbBackend;
use sea_orm::sea_query::extension::sqlite::SqliteExpr as _;
use sea_orm::sea_query::{Expr, ExprTrait as _, LikeExpr};

use crate::query::Place;

use super::Compiler;

impl Compiler<'_> {
    pub(super) fn like(&self, column: Expr, place: Place, text: &str, fold: bool) -> Expr {
        match self.backend {
            DbBackend::Sqlite if !fold => column.glob(glob_pattern(place, text)),
            DbBackend::Sqlite => column.like(like_pattern(place, text)),
            // Backslash is the escape without a word of it; sea-query puts the pattern and its ESCAPE
            // into parentheses after ILIKE, which is no SQL.
            DbBackend::Postgres if fold => {
                let pattern = Expr::val(like_text(place, text));
                Expr::cust_with_exprs("$1 ILIKE $2", [column, pattern])
            }
            DbBackend::Postgres => column.like(like_pattern(place, text)),
            // The column's own collation may ignore case, accents, or be of a narrower character
            // set: both sides are compared in utf8mb4, byte by byte.
            _ => {
                let template = if fold {
                    "LOWER(CONVERT(? USING utf8mb4)) COLLATE utf8mb4_bin LIKE LOWER(?)"
                } else {
                    "CONVERT(? USING utf8mb4) COLLATE utf8mb4_bin LIKE ?"
                };
                let pattern = Expr::val(like_text(place, text));
                Expr::cust_with_exprs(template, [column, pattern])
            }
        }
    }
}

fn placed(place: Place, text: &str, any: &str) -> String {
    match place {
        Place::Anywhere => format!("{any}{text}{any}"),
        Place::Start => format!("{text}{any}"),
        Place::End => format!("{any}{text}"),
    }
}

fn like_text(place: Place, text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    placed(place, &escaped, "%")
}

fn like_pattern(place: Place, text: &str) -> LikeExpr {
    LikeExpr::new(like_text(place, text)).escape('\\')
}

/// GLOB is SQLite's case-sensitive pattern; its metacharacters are quoted by brackets.
fn glob_pattern(place: Place, text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        match c {
            '*' | '?' | '[' => {
                quoted.push('[');
                quoted.push(c);
                quoted.push(']');
            }
            other => quoted.push(other),
        }
    }
    placed(place, &quoted, "*")
}
