//! Whole SELECTs: a page, all of some fields, a count.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Order, Query as Sql, SelectStatement};

use crate::model::{Kind, ModelId};
use crate::query::{Filter, Position, Projected, Query};

use super::{Compiler, Source, table};

impl Compiler<'_> {
    /// The SELECT of a page: `fields` in order, from rows matching `filter`, ordered and limited
    /// as `query` says, with one row more than the limit so that the end is known.
    pub fn page(
        &mut self,
        model: ModelId,
        query: &Query,
        filter: &Filter,
        fields: &[Projected],
    ) -> SelectStatement {
        let root = self.root(model);
        let backward = matches!(query.position, Position::Before(_));
        let mut select = self.select(&root, fields);
        if *filter != Filter::All {
            select.and_where(self.condition(&root, filter));
        }
        match &query.position {
            Position::Offset(0) => {}
            Position::Offset(n) => {
                select.offset(*n);
            }
            Position::After(values) | Position::Before(values) => {
                select.and_where(self.beyond(&root, &query.sort, values, backward));
            }
        }
        for key in &query.sort {
            self.order_by(&mut select, &root, key, backward);
        }
        select.limit(query.limit + 1);
        select
    }

    /// The SELECT of so many rows that match, by their key.
    pub fn first(
        &mut self,
        model: ModelId,
        filter: &Filter,
        fields: &[Projected],
        most: u64,
    ) -> SelectStatement {
        let root = self.root(model);
        let mut select = self.select(&root, fields);
        if *filter != Filter::All {
            select.and_where(self.condition(&root, filter));
        }
        for &field in &self.meta(&root).key {
            select.order_by_expr(self.column(&root, field), Order::Asc);
        }
        select.limit(most);
        select
    }

    /// The SELECT of everything that a query finds: as [`Self::page`] without an end.
    pub fn whole(
        &mut self,
        model: ModelId,
        (query, filter): (&Query, &Filter),
        fields: &[Projected],
    ) -> SelectStatement {
        let root = self.root(model);
        let mut select = self.select(&root, fields);
        if *filter != Filter::All {
            select.and_where(self.condition(&root, filter));
        }
        for key in &query.sort {
            self.order_by(&mut select, &root, key, false);
        }
        select
    }

    /// `SELECT fields FROM source`.
    pub fn select(&mut self, source: &Source, fields: &[Projected]) -> SelectStatement {
        let mut select = Sql::select();
        let meta = self.meta(source);
        let own_name = source.alias.to_string() == meta.table;
        if own_name {
            select.from(table(meta));
        } else {
            select.from_as(table(meta), source.alias.clone());
        }
        for Projected { field, guard } in fields {
            let seen = self.seen(source, *field, guard.as_ref());
            select.expr(self.readable(&meta.fields[*field].kind, seen));
        }
        select
    }

    /// A native enum is read as text.
    fn readable(&self, kind: &Kind, expr: Expr) -> Expr {
        match (self.backend, kind) {
            (
                DbBackend::Postgres,
                Kind::Enum {
                    native: Some(_), ..
                },
            ) => expr.cast_as(Alias::new("text")),
            _ => expr,
        }
    }

    /// How many rows match, counting at most `bound` of them.
    pub fn count(
        &mut self,
        model: ModelId,
        filter: &Filter,
        bound: Option<u64>,
    ) -> SelectStatement {
        let root = self.root(model);
        let mut rows = Sql::select();
        rows.from(table(self.meta(&root)));
        if *filter != Filter::All {
            rows.and_where(self.condition(&root, filter));
        }
        match bound {
            None => rows.expr(Expr::cust("COUNT(*)")).to_owned(),
            Some(bound) => {
                rows.expr(Expr::cust("1 AS one")).limit(bound);
                let mut count = Sql::select();
                count.expr(Expr::cust("COUNT(*)"));
                count.from_subquery(rows, Alias::new("bounded"));
                count
            }
        }
    }
}
