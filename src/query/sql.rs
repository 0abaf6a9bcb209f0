//! [`Query`] → SQL, for SQLite, PostgreSQL and MariaDB/MySQL. One total match per node of the tree;
//! names come from the registry, values are always bound.
//!
//! Null sorts lowest on every database, and a text operator means the same on every one of them.

use sea_orm::DbBackend;
use sea_orm::Value;
use sea_orm::sea_query::extension::sqlite::SqliteExpr as _;
use sea_orm::sea_query::{
    Alias, CaseStatement, DynIden, Expr, ExprTrait as _, IntoIden as _, LikeExpr, NullOrdering,
    Order, Query as Sql, SelectStatement, TableRef,
};

use crate::model::{FieldId, Kind, ModelId, ModelMeta, Registry};

use super::{Cmp, Filter, Place, Position, Projected, Query, SortKey};

/// Compiles conditions and expressions for one statement.
#[derive(Debug)]
pub struct Compiler<'a> {
    registry: &'a Registry,
    backend: DbBackend,
    aliases: usize,
}

/// A model in a FROM clause, under the name that its columns are qualified with.
#[derive(Debug, Clone)]
pub struct Source {
    /// The model.
    pub model: ModelId,
    /// The alias, or the table's own name.
    pub alias: DynIden,
}

/// The table of a model as a FROM item.
#[must_use]
pub fn table(meta: &ModelMeta) -> TableRef {
    use sea_orm::sea_query::IntoTableRef as _;
    match &meta.schema {
        Some(schema) => (Alias::new(schema), Alias::new(&meta.table)).into_table_ref(),
        None => Alias::new(&meta.table).into_table_ref(),
    }
}

impl<'a> Compiler<'a> {
    /// A compiler for one database.
    #[must_use]
    pub fn new(registry: &'a Registry, backend: DbBackend) -> Self {
        Self {
            registry,
            backend,
            aliases: 0,
        }
    }

    /// The outermost model of a statement, under its table's own name.
    #[must_use]
    pub fn root(&self, model: ModelId) -> Source {
        let alias = Alias::new(&self.registry.model(model).table).into_iden();
        Source { model, alias }
    }

    fn nested(&mut self, model: ModelId) -> Source {
        self.aliases += 1;
        Source {
            model,
            alias: Alias::new(format!("qd{}", self.aliases)).into_iden(),
        }
    }

    fn meta(&self, source: &Source) -> &'a ModelMeta {
        self.registry.model(source.model)
    }

    /// A column of a source.
    #[must_use]
    pub fn column(&self, source: &Source, field: FieldId) -> Expr {
        let column = Alias::new(&self.meta(source).fields[field].column);
        Expr::col((source.alias.clone(), column))
    }

    /// A value as the database wants it beside a field of that kind.
    #[must_use]
    pub fn bound(&self, kind: &Kind, value: Value) -> Expr {
        match (self.backend, kind, value) {
            (
                DbBackend::Postgres,
                Kind::Enum {
                    native: Some(name), ..
                },
                value,
            ) => Expr::val(value).as_enum(Alias::new(name)),
            // SQLite stores decimals as REAL and would compare a bound text as text. By way of the
            // text, because `to_f64` is exact to 15 digits only.
            (DbBackend::Sqlite, Kind::Decimal(_), Value::Decimal(Some(d))) => {
                Expr::val(d.to_string().parse().unwrap_or(f64::MAX))
            }
            // No such number is stored, and the drivers panic on it: a larger type compares right.
            (DbBackend::Sqlite, _, Value::BigUnsigned(Some(n))) if i64::try_from(n).is_err() => {
                Expr::val(9.3e18)
            }
            (DbBackend::Postgres, _, Value::BigUnsigned(Some(n))) if i64::try_from(n).is_err() => {
                Expr::val(rust_decimal::Decimal::from(n))
            }
            // A column of a narrower character set (NVARCHAR holds three bytes a character) cannot be
            // compared with such a text at all, unless it is said how; where the column is one of
            // ours this is its own collation, and its index serves.
            (DbBackend::MySql, Kind::Text(_), Value::String(Some(text)))
                if text.chars().any(|c| c.len_utf8() > 3) =>
            {
                Expr::cust_with_exprs("? COLLATE utf8mb4_bin", [Expr::val(text)])
            }
            (_, _, value) => Expr::val(value),
        }
    }

    /// A field as a guarded reader may see it: null on rows outside the guard.
    #[must_use]
    pub fn seen(&mut self, source: &Source, field: FieldId, guard: Option<&Filter>) -> Expr {
        let column = self.column(source, field);
        match guard {
            None => column,
            Some(guard) => {
                let condition = self.condition(source, guard);
                CaseStatement::new().case(condition, column).into()
            }
        }
    }

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

    fn like(&self, column: Expr, place: Place, text: &str, fold: bool) -> Expr {
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

    /// What a key sorts by. A database sorts its own enums by declaration, yet MariaDB compares
    /// them with a text by the text: here they are texts, in one order on every database.
    fn sorted(&mut self, root: &Source, key: &SortKey) -> Expr {
        let expr = self.seen(root, key.field, key.guard.as_ref());
        if !is_native_enum(&self.meta(root).fields[key.field].kind) {
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

    fn order_by(
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
    fn beyond(
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

/// True or false, in a form every database optimises away.
fn constant(truth: bool) -> Expr {
    Expr::cust(if truth { "1 = 1" } else { "1 = 0" })
}

fn compare(column: Expr, cmp: Cmp, value: Expr) -> Expr {
    match cmp {
        Cmp::Eq => column.eq(value),
        Cmp::Ne => column.ne(value),
        Cmp::Lt => column.lt(value),
        Cmp::Lte => column.lte(value),
        Cmp::Gt => column.gt(value),
        Cmp::Gte => column.gte(value),
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
