//! A [`Filter`] as a condition.

use sea_orm::sea_query::{Expr, ExprTrait as _, Query as Sql, SelectStatement};
use sea_orm::{DbBackend, Value};

use crate::model::{FieldId, Kind};
use crate::query::{Cmp, Filter};

use super::{Compiler, Source, table};

impl Compiler<'_> {
    /// A condition on the rows of `source`.
    pub fn condition(&mut self, source: &Source, filter: &Filter) -> Expr {
        let kind = |field: FieldId| &self.registry.model(source.model).fields[field].kind;
        match filter {
            Filter::All => constant(true),
            Filter::Never => constant(false),
            Filter::And(parts) => self.join(source, parts, true),
            Filter::Or(parts) => self.join(source, parts, false),
            Filter::Not(inner) => {
                let inner = self.condition(source, inner);
                Expr::cust_with_exprs(
                    self.template("(?) IS NOT TRUE", "($1) IS NOT TRUE"),
                    [inner],
                )
            }
            Filter::Cmp(field, cmp, value) => {
                let value = self.bound(kind(*field), value.clone());
                compare(self.column(source, *field), *cmp, value)
            }
            Filter::In {
                values, negated, ..
            } if values.is_empty() => constant(*negated),
            Filter::In {
                field,
                values,
                negated,
            } => {
                let values: Vec<Expr> = values
                    .iter()
                    .map(|v| self.bound(kind(*field), v.clone()))
                    .collect();
                let column = self.column(source, *field);
                if *negated {
                    column.is_not_in(values)
                } else {
                    column.is_in(values)
                }
            }
            Filter::Between(field, low, high) => {
                let low = self.bound(kind(*field), low.clone());
                let high = self.bound(kind(*field), high.clone());
                self.column(source, *field).between(low, high)
            }
            Filter::Like {
                field,
                place,
                text,
                fold,
            } => self.like(self.column(source, *field), *place, text, *fold),
            Filter::Null(field, true) => self.column(source, *field).is_null(),
            Filter::Null(field, false) => self.column(source, *field).is_not_null(),
            Filter::Related {
                relation,
                junction,
                inner,
            } => self.related(source, *relation, (junction, inner)),
        }
    }

    fn template(&self, question: &'static str, dollar: &'static str) -> &'static str {
        if self.backend == DbBackend::Postgres {
            dollar
        } else {
            question
        }
    }

    fn join(&mut self, source: &Source, parts: &[Filter], all: bool) -> Expr {
        let mut joined: Option<Expr> = None;
        for part in parts {
            let next = self.condition(source, part);
            joined = Some(match joined {
                None => next,
                Some(before) if all => before.and(next),
                Some(before) => before.or(next),
            });
        }
        joined.unwrap_or_else(|| constant(all))
    }

    /// `key IN (SELECT …)`: the form that all three databases can drive from either side.
    fn related(
        &mut self,
        source: &Source,
        relation: usize,
        (junction, inner): (&Filter, &Filter),
    ) -> Expr {
        let relation = &self.meta(source).relations[relation];
        let target = self.nested(relation.target);
        let condition = self.condition(&target, inner);
        let mut select = Sql::select();
        select.from_as(table(self.meta(&target)), target.alias.clone());
        select.and_where(condition);
        match &relation.via {
            None => self.semi_join((source, &relation.from), (&target, &relation.to), select),
            Some(via) => {
                let middle = self.nested(via.model);
                let far = self.semi_join((&middle, &via.far), (&target, &relation.to), select);
                let mut select = Sql::select();
                select.from_as(table(self.meta(&middle)), middle.alias.clone());
                select.and_where(self.condition(&middle, junction).and(far));
                self.semi_join((source, &relation.from), (&middle, &via.near), select)
            }
        }
    }

    fn semi_join(
        &self,
        (outer, from): (&Source, &[FieldId]),
        (inner, to): (&Source, &[FieldId]),
        mut select: SelectStatement,
    ) -> Expr {
        if let ([from], [to]) = (from, to) {
            select.expr(self.column(inner, *to));
            return self.column(outer, *from).in_subquery(select);
        }
        for (from, to) in from.iter().zip(to) {
            select.and_where(self.column(inner, *to).eq(self.column(outer, *from)));
        }
        select.expr(Expr::val(1));
        Expr::exists(select)
    }

    /// The condition that picks the row with this key.
    pub fn by_key(&self, source: &Source, key: &[Value]) -> Expr {
        let meta = self.meta(source);
        let parts = meta.key.iter().zip(key).map(|(&field, value)| {
            let kind = &meta.fields[field].kind;
            let column = self.column(source, field);
            let same = column.clone().eq(self.bound(kind, value.clone()));
            if self.backend != DbBackend::MySql || !matches!(kind, Kind::Text(_)) {
                return same;
            }
            // Its collations pad with blanks, and may ignore case: `a ` would be another address of
            // the row `a`. The first comparison uses the index, the second looks at the bytes.
            let bytes = "CAST(CONVERT(? USING utf8mb4) AS BINARY) = CAST(? AS BINARY)";
            same.and(Expr::cust_with_exprs(
                bytes,
                [column, Expr::val(value.clone())],
            ))
        });
        parts.reduce(Expr::and).unwrap_or_else(|| constant(false))
    }
}

/// True or false, in a form every database optimises away.
pub(super) fn constant(truth: bool) -> Expr {
    Expr::cust(if truth { "1 = 1" } else { "1 = 0" })
}

pub(super) fn compare(column: Expr, cmp: Cmp, value: Expr) -> Expr {
    match cmp {
        Cmp::Eq => column.eq(value),
        Cmp::Ne => column.ne(value),
        Cmp::Lt => column.lt(value),
        Cmp::Lte => column.lte(value),
        Cmp::Gt => column.gt(value),
        Cmp::Gte => column.gte(value),
    }
}
