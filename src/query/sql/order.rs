//! What rows are ordered by, and the rows past one of them in that order (keyset pages).

use sea_orm::sea_query::{Expr, ExprTrait as _, NullOrdering, Order, SelectStatement};
use sea_orm::{DbBackend, Value};

use crate::model::Kind;
use crate::query::{Cmp, SortKey};

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

    /// A sort value beside [`Self::sorted`].
    fn sort_value(&self, kind: &Kind, value: &Value) -> Expr {
        if is_native_enum(kind) {
            Expr::val(value.clone())
        } else {
            self.bound(kind, value.clone())
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

    /// The rows after (or before) the one with these sort values: the expanded form of a row
    /// comparison, `a > x OR (a = x AND b > y)`, with `a >= x` in front where an index can use it.
    pub(super) fn beyond(
        &mut self,
        root: &Source,
        sort: &[SortKey],
        values: &[Value],
        backward: bool,
    ) -> Expr {
        let mut any: Option<Expr> = None;
        for (i, key) in sort.iter().enumerate() {
            let Some(step) = self.past(root, key, &values[i], backward) else {
                continue;
            };
            let mut all = step;
            for (before, value) in sort[..i].iter().zip(values) {
                all = self.same(root, before, value).and(all);
            }
            any = Some(match any {
                None => all,
                Some(others) => others.or(all),
            });
        }
        let any = any.unwrap_or_else(|| constant(false));
        match (sort, values) {
            ([first, _, ..], [value, ..]) if first.guard.is_none() && !is_null(value) => {
                let field = &self.meta(root).fields[first.field];
                let descending = first.descending != backward;
                // With nulls lowest, "descending" goes on to the nulls: no bound from below.
                if descending && field.nullable {
                    return any;
                }
                let cmp = if descending { Cmp::Lte } else { Cmp::Gte };
                let bound = self.sort_value(&field.kind, value);
                compare(self.sorted(root, first), cmp, bound).and(any)
            }
            _ => any,
        }
    }

    /// Strictly past `value` in one key; `None` when nothing can be.
    fn past(
        &mut self,
        root: &Source,
        key: &SortKey,
        value: &Value,
        backward: bool,
    ) -> Option<Expr> {
        let descending = key.descending != backward;
        let expr = self.sorted(root, key);
        let field = &self.meta(root).fields[key.field];
        let nullable = field.nullable || key.guard.is_some();
        if is_null(value) {
            return if descending {
                None
            } else {
                Some(expr.is_not_null())
            };
        }
        let bound = self.sort_value(&field.kind, value);
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

    fn same(&mut self, root: &Source, key: &SortKey, value: &Value) -> Expr {
        let expr = self.sorted(root, key);
        if is_null(value) {
            return expr.is_null();
        }
        let kind = &self.meta(root).fields[key.field].kind;
        expr.eq(self.sort_value(kind, value))
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

fn is_null(value: &Value) -> bool {
    crate::model::value::to_text(value).is_none()
}
