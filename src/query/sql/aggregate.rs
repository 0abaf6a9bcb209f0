//! An [`Aggregate`] as one SELECT of three layers: the rows with what is measured of each (`r`), the
//! groups (`g`), and which groups are wanted in what order. Values are bound in the innermost layer
//! and in the outermost; so what rows are grouped by has none, and is the same wherever it stands.
//!
//! Sums are exact. SQLite has no exact sum of its own: there a sum is kept in two halves of 32 bits,
//! of the smallest unit that the column has, and its order is the order of the two.

use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Alias, Asterisk, Expr, NullOrdering, Order, Query as Sql, SelectStatement,
};

use crate::model::{Kind, ModelId};
use crate::query::Filter;
use crate::query::aggregate::{Aggregate, Function, Measure, Output};

use super::{Compiler, table};

/// The places that an average has beyond those of its field.
pub const MORE_PLACES: u32 = 4;

/// How a database keeps the exact sum of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// As a number of its own, of any length; shown as text.
    Exact,
    /// In two columns, as `high * 2^32 + low` units of so many decimal places.
    Halves(u32),
    /// As a floating point number.
    Real,
}

/// The columns of one member of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cells {
    /// One value of that kind.
    Plain(Kind),
    /// A sum of values of that kind.
    Sum(Kind, Total),
    /// A sum of decimals, and the number of them.
    Mean(Kind, Total),
}

/// `"r"."v0"` and so on. These names are ours, and have no quotes in them.
pub(super) fn name(backend: DbBackend, layer: &str, column: &str) -> String {
    let q = if backend == DbBackend::MySql {
        '`'
    } else {
        '"'
    };
    format!("{q}{layer}{q}.{q}{column}{q}")
}

impl Compiler<'_> {
    /// The SELECT of the groups among the rows that match `filter`, with one group more than the
    /// limit so that the end is known. Its columns are those of [`Self::cells`].
    pub fn aggregate(
        &mut self,
        model: ModelId,
        asked: &Aggregate,
        filter: &Filter,
    ) -> SelectStatement {
        let mut select = Sql::select();
        for i in 0..asked.keys.len() {
            select.expr(self.group(&format!("k{i}")));
        }
        for (i, measure) in asked.measures.iter().enumerate() {
            self.show(&mut select, model, (i, measure));
        }
        for having in &asked.having {
            select.and_where(self.having(model, asked, having));
        }
        for (output, descending) in &asked.sort {
            for expr in self.ordered(model, asked, *output) {
                self.group_order(&mut select, expr, *descending);
            }
        }
        let groups = self.groups(model, asked, filter);
        select.from_subquery(groups, Alias::new("g"));
        select.limit(asked.limit + 1);
        select
    }

    /// What the columns of [`Self::aggregate`] are, member by member.
    #[must_use]
    pub fn cells(&self, model: ModelId, asked: &Aggregate) -> Vec<Cells> {
        let fields = &self.registry.model(model).fields;
        let keys = asked.keys.iter().map(|key| {
            let kind = &fields[key.of.field].kind;
            Cells::Plain(key.unit.map_or_else(|| kind.clone(), |u| u.kind(kind)))
        });
        let measures = asked.measures.iter().map(|m| self.measured(model, m));
        keys.chain(measures).collect()
    }

    pub(super) fn measured(&self, model: ModelId, measure: &Measure) -> Cells {
        let count = Cells::Plain(Kind::Int(crate::model::IntSize::I64));
        let Some(of) = &measure.of else { return count };
        let kind = self.registry.model(model).fields[of.field].kind.clone();
        let total = self.total(&kind);
        match (measure.function, &kind) {
            (Function::Count | Function::Distinct, _) => count,
            (Function::Sum | Function::Avg, Kind::Float | Kind::Double)
            | (Function::Avg, Kind::Int(_)) => Cells::Plain(Kind::Double),
            (Function::Sum, _) => Cells::Sum(kind, total),
            (Function::Avg, _) => Cells::Mean(kind, total),
            (Function::Min | Function::Max, _) => Cells::Plain(kind),
        }
    }

    /// A decimal of SQLite is a double: of at most 18 digits its units fit into 64 bits.
    fn total(&self, kind: &Kind) -> Total {
        match (self.backend, kind) {
            (_, Kind::Float | Kind::Double) => Total::Real,
            (DbBackend::Sqlite, Kind::Decimal(Some((precision, scale)))) if *precision <= 18 => {
                Total::Halves(*scale)
            }
            (DbBackend::Sqlite, Kind::Decimal(_)) => Total::Real,
            (DbBackend::Sqlite, _) => Total::Halves(0),
            _ => Total::Exact,
        }
    }

    fn row(&self, column: &str) -> String {
        name(self.backend, "r", column)
    }

    pub(super) fn group(&self, column: &str) -> Expr {
        Expr::cust(name(self.backend, "g", column))
    }

    /// The rows: what is grouped by and measured, as the caller may see it.
    fn rows(&mut self, model: ModelId, asked: &Aggregate, filter: &Filter) -> SelectStatement {
        let root = self.root(model);
        let mut rows = Sql::select();
        rows.from(table(self.meta(&root)));
        for (i, key) in asked.keys.iter().enumerate() {
            let seen = self.seen(&root, key.of.field, key.of.guard.as_ref());
            rows.expr_as(seen, Alias::new(format!("k{i}")));
        }
        for (i, measure) in asked.measures.iter().enumerate() {
            if let Some(of) = &measure.of {
                let seen = self.seen(&root, of.field, of.guard.as_ref());
                rows.expr_as(seen, Alias::new(format!("v{i}")));
            }
        }
        rows.expr_as(Expr::cust("1"), Alias::new("one"));
        if *filter != Filter::All {
            rows.and_where(self.condition(&root, filter));
        }
        rows
    }

    fn groups(&mut self, model: ModelId, asked: &Aggregate, filter: &Filter) -> SelectStatement {
        let rows = self.rows(model, asked, filter);
        let rows = self.in_zone(rows, model, asked);
        let fields = &self.registry.model(model).fields;
        let mut groups = Sql::select();
        for (i, key) in asked.keys.iter().enumerate() {
            let kind = &fields[key.of.field].kind;
            let column = self.row(&format!("k{i}"));
            let by = match key.unit {
                Some(unit) => self.bucket(unit, kind, &column),
                None => self.by_text(kind, Expr::cust(column)),
            };
            groups.expr_as(by.clone(), Alias::new(format!("k{i}")));
            groups.add_group_by([by]);
        }
        for (i, measure) in asked.measures.iter().enumerate() {
            let kind = asked.field_of(i).map(|f| &fields[f].kind);
            for (suffix, expr) in self.measure(measure.function, kind, &self.row(&format!("v{i}")))
            {
                groups.expr_as(expr, Alias::new(format!("m{i}{suffix}")));
            }
        }
        if asked.measures.is_empty() && asked.keys.is_empty() {
            groups.column(Asterisk);
        }
        groups.from_subquery(rows, Alias::new("r"));
        groups
    }

    /// The columns that a measure needs of a group: its own, and `low` and `n` beside it.
    fn measure(
        &self,
        function: Function,
        kind: Option<&Kind>,
        value: &str,
    ) -> Vec<(&'static str, Expr)> {
        let Some(kind) = kind else {
            return vec![("", Expr::cust("COUNT(*)"))];
        };
        match function {
            Function::Count => vec![("", Expr::cust(format!("COUNT({value})")))],
            Function::Distinct => vec![("", Expr::cust(format!("COUNT(DISTINCT {value})")))],
            Function::Min | Function::Max => {
                let best = if function == Function::Min {
                    "MIN"
                } else {
                    "MAX"
                };
                let value = self.comparable(kind, value);
                vec![("", Expr::cust(format!("{best}({value})")))]
            }
            Function::Sum | Function::Avg => {
                let mut all = match self.total(kind) {
                    Total::Exact => vec![("", Expr::cust(format!("SUM({value})")))],
                    Total::Real => {
                        let double = self.double(value);
                        vec![("", Expr::cust(format!("SUM({double})")))]
                    }
                    Total::Halves(scale) => {
                        let units = units(value, scale);
                        vec![
                            ("", Expr::cust(format!("SUM(({units}) >> 32)"))),
                            ("low", Expr::cust(format!("SUM(({units}) & 4294967295)"))),
                        ]
                    }
                };
                all.push(("n", Expr::cust(format!("COUNT({value})"))));
                all
            }
        }
    }

    /// What PostgreSQL has no minimum of, as something that it has one of.
    fn comparable(&self, kind: &Kind, value: &str) -> String {
        match (self.backend, kind) {
            (DbBackend::Postgres, Kind::Bool) => format!("CAST({value} AS integer)"),
            (DbBackend::Postgres, Kind::Uuid) => format!("CAST({value} AS text)"),
            (
                DbBackend::Postgres,
                Kind::Enum {
                    native: Some(_), ..
                },
            ) => {
                format!("CAST({value} AS text) COLLATE \"C\"")
            }
            (
                DbBackend::MySql,
                Kind::Enum {
                    native: Some(_), ..
                },
            ) => {
                format!("CONVERT({value} USING utf8mb4) COLLATE utf8mb4_bin")
            }
            _ => value.to_owned(),
        }
    }

    fn double(&self, value: &str) -> String {
        let double = match self.backend {
            DbBackend::Postgres => "double precision",
            DbBackend::Sqlite => "REAL",
            _ => "DOUBLE",
        };
        format!("CAST({value} AS {double})")
    }

    /// The columns of a measure, as [`Self::measured`] says.
    fn show(&self, select: &mut SelectStatement, model: ModelId, (i, measure): (usize, &Measure)) {
        let m = name(self.backend, "g", &format!("m{i}"));
        let n = || Expr::cust(name(self.backend, "g", &format!("m{i}n")));
        let total = |select: &mut SelectStatement, total| match total {
            Total::Exact => {
                let text = if self.backend == DbBackend::Postgres {
                    "text"
                } else {
                    "CHAR"
                };
                select.expr(Expr::cust(format!("CAST({m} AS {text})")));
            }
            Total::Real => {
                select.expr(Expr::cust(m.clone()));
            }
            Total::Halves(_) => {
                let [high, low] = self.halves(i);
                select.expr(Expr::cust(high)).expr(Expr::cust(low));
            }
        };
        match (self.measured(model, measure), measure.function) {
            (Cells::Plain(_), Function::Avg) => {
                select.expr(self.average(model, (i, measure)));
            }
            (Cells::Plain(kind), _) => {
                let back = match (self.backend, &kind) {
                    (DbBackend::Postgres, Kind::Bool) => format!("CAST({m} AS boolean)"),
                    (DbBackend::Postgres, Kind::Uuid) => format!("CAST({m} AS uuid)"),
                    _ => m.clone(),
                };
                select.expr(Expr::cust(back));
            }
            (Cells::Sum(_, kept), _) => total(select, kept),
            (Cells::Mean(_, kept), _) => {
                total(select, kept);
                select.expr(n());
            }
        }
    }

    /// The two halves of a sum, the lower one within 32 bits and not negative.
    pub(super) fn halves(&self, i: usize) -> [String; 2] {
        let high = name(self.backend, "g", &format!("m{i}"));
        let low = name(self.backend, "g", &format!("m{i}low"));
        [
            format!("{high} + ({low} >> 32)"),
            format!("{low} & 4294967295"),
        ]
    }

    /// An average as a number of the database's: what groups are ordered by, and what is shown of
    /// fields that are no decimals.
    pub(super) fn average(&self, model: ModelId, (i, measure): (usize, &Measure)) -> Expr {
        let of = measure.of.as_ref().map(|of| of.field);
        let kind = of.map(|f| &self.registry.model(model).fields[f].kind);
        let m = name(self.backend, "g", &format!("m{i}"));
        let n = name(self.backend, "g", &format!("m{i}n"));
        Expr::cust(match kind {
            Some(Kind::Decimal(size)) => {
                let places = size.map_or(0, |(_, scale)| scale) + MORE_PLACES;
                match self.total(&Kind::Decimal(*size)) {
                    Total::Exact => format!("ROUND({m} / {n}, {places})"),
                    Total::Real => format!("ROUND({m} / {n}, {places})"),
                    Total::Halves(scale) => {
                        let whole = self.joined(i);
                        format!("ROUND({whole} / 1e{scale} / {n}, {places})")
                    }
                }
            }
            Some(Kind::Int(_)) if self.backend == DbBackend::Sqlite => {
                format!("{} / {n}", self.joined(i))
            }
            _ => format!("{} / {}", self.double(&m), self.double(&n)),
        })
    }

    /// A sum kept in halves, as a floating point number.
    pub(super) fn joined(&self, i: usize) -> String {
        let [high, low] = self.halves(i);
        format!("(({high}) * 4294967296.0 + ({low}))")
    }

    /// What a member is ordered by.
    fn ordered(&self, model: ModelId, asked: &Aggregate, output: Output) -> Vec<Expr> {
        let i = match output {
            Output::Key(i) => return vec![self.group(&format!("k{i}"))],
            Output::Measure(i) => i,
        };
        let measure = &asked.measures[i];
        match (measure.function, self.measured(model, measure)) {
            (Function::Avg, _) => vec![self.average(model, (i, measure))],
            (_, Cells::Sum(_, Total::Halves(_))) => self.halves(i).map(Expr::cust).into(),
            _ => vec![self.group(&format!("m{i}"))],
        }
    }

    /// Null is lowest everywhere.
    fn group_order(&self, select: &mut SelectStatement, expr: Expr, descending: bool) {
        let order = if descending { Order::Desc } else { Order::Asc };
        if self.backend == DbBackend::Postgres {
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
}

/// A number of SQLite in units of so many decimal places, exactly: the whole part and the fraction
/// apart, since their product with a power of ten is rounded before it is a whole number.
fn units(value: &str, scale: u32) -> String {
    if scale == 0 {
        return format!("CAST({value} AS INTEGER)");
    }
    let tens = format!("1{}", "0".repeat(scale as usize));
    let whole = format!("CAST({value} AS INTEGER)");
    format!("{whole} * {tens} + CAST(ROUND(({value} - {whole}) * {tens}.0) AS INTEGER)")
}
