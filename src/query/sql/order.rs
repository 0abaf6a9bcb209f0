//! What rows are ordered by, and the rows past one of them in that order (keyset pages).

use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, NullOrdering, Order, SelectStatement};

use crate::model::Kind;
use crate::query::{Cell, Cmp, Mark, SortKey};

use super::condition::{compare, constant};
use super::{Compiler, Source};

impl Compiler<'_> {
    /// What a key sorts by. A database sorts its own enums by declaration, yet MariaDB compares
    /// them with a text by the text: here they are texts, in one order on every database.
    fn sorted(&mut self, root: &Source, key: &SortKey) -> Expr {
        let expr = self.seen(root, key.field, key.guard.as_ref());
        self.by_text(&self.meta(root).fields[key.field].kind, expr)
    }

    /// A native enum as its text; anything else as it is.
    pub(super) fn by_text(&self, kind: &Kind, expr: Expr) -> Expr {
        if !is_native_enum(kind) {
            return expr;
        }
        match self.backend {
            DbBackend::Postgres => Expr::cust_with_exprs("CAST($1 AS text) COLLATE \"C\"", [expr]),
            DbBackend::MySql => {
                Expr::cust_with_exprs("CONVERT(? USING utf8mb4) COLLATE utf8mb4_bin", [expr])
            }
            _ => expr,
        }
    }

    /// A mark beside [`Self::sorted`].
    fn mark(&self, kind: &Kind, mark: &Mark) -> Expr {
        match mark {
            Mark::Value(value) if is_native_enum(kind) => Expr::val(value.clone()),
            Mark::Value(value) => self.bound(kind, value.clone()),
            Mark::Cell(cell) => bound_cell(cell.clone()),
        }
    }

    pub(super) fn order_by(
        &mut self,
        select: &mut SelectStatement,
        root: &Source,
        key: &SortKey,
        backward: bool,
    ) {
        let descending = key.descending != backward;
        let order = if descending { Order::Desc } else { Order::Asc };
        let nullable = self.meta(root).fields[key.field].nullable || key.guard.is_some();
        let expr = self.sorted(root, key);
        // SQLite and MySQL sort null lowest by themselves; saying so to SQLite costs its index.
        if nullable && self.backend == DbBackend::Postgres {
            let nulls = if descending {
                NullOrdering::Last
            } else {
                NullOrdering::First
            };
            select.order_by_expr_with_nulls(expr, order, nulls);
        } else {
            select.order_by_expr(expr, order);
        }
    }

    /// The rows after (or before) the one with these marks: the expanded form of a row
    /// comparison, `a > x OR (a = x AND b > y)`, with `a >= x` in front where an index can use it.
    pub(super) fn beyond(
        &mut self,
        root: &Source,
        sort: &[SortKey],
        marks: &[Mark],
        backward: bool,
    ) -> Expr {
        let mut any: Option<Expr> = None;
        for (i, key) in sort.iter().enumerate() {
            let Some(step) = self.past(root, key, &marks[i], backward) else {
                continue;
            };
            let mut all = step;
            for (before, mark) in sort[..i].iter().zip(marks) {
                all = self.same(root, before, mark).and(all);
            }
            any = Some(match any {
                None => all,
                Some(others) => others.or(all),
            });
        }
        let any = any.unwrap_or_else(|| constant(false));
        match (sort, marks) {
            ([first, _, ..], [mark, ..]) if first.guard.is_none() && !mark.is_null() => {
                let field = &self.meta(root).fields[first.field];
                let descending = first.descending != backward;
                // With nulls lowest, "descending" goes on to the nulls: no bound from below.
                if descending && field.nullable {
                    return any;
                }
                let cmp = if descending { Cmp::Lte } else { Cmp::Gte };
                let bound = self.mark(&field.kind, mark);
                compare(self.sorted(root, first), cmp, bound).and(any)
            }
            _ => any,
        }
    }

    /// Strictly past `mark` in one key; `None` when nothing can be.
    fn past(&mut self, root: &Source, key: &SortKey, mark: &Mark, backward: bool) -> Option<Expr> {
        let descending = key.descending != backward;
        let expr = self.sorted(root, key);
        let field = &self.meta(root).fields[key.field];
        let nullable = field.nullable || key.guard.is_some();
        if mark.is_null() {
            return if descending {
                None
            } else {
                Some(expr.is_not_null())
            };
        }
        let bound = self.mark(&field.kind, mark);
        if !descending {
            return Some(expr.gt(bound));
        }
        let below = expr.clone().lt(bound);
        Some(if nullable {
            below.or(expr.is_null())
        } else {
            below
        })
    }

    fn same(&mut self, root: &Source, key: &SortKey, mark: &Mark) -> Expr {
        let expr = self.sorted(root, key);
        if mark.is_null() {
            return expr.is_null();
        }
        let kind = &self.meta(root).fields[key.field].kind;
        expr.eq(self.mark(kind, mark))
    }
}

fn is_native_enum(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Enum {
            native: Some(_),
            ..
        }
    )
}

/// A cell of SQLite's as it is: text that is not UTF-8 travels as bytes, which are no text before
/// SQLite is told so.
fn bound_cell(cell: Cell) -> Expr {
    match cell {
        Cell::Integer(n) => Expr::val(n),
        Cell::Real(n) => Expr::val(n),
        Cell::Text(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Expr::val(text),
            Err(other) => Expr::val(other.into_bytes()).cast_as(Alias::new("TEXT")),
        },
        Cell::Blob(bytes) => Expr::val(bytes),
    }
}
