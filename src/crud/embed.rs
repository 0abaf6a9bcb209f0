//! `expand=`: one statement for each relation of a page, whatever the number of rows.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{
    Alias, Expr, ExprTrait as _, Order, OverStatement as _, SelectStatement, WindowStatement,
};
use sea_orm::{QueryResult, Value};

use crate::error::Error;
use crate::model::{FieldId, value};
use crate::query::sql::{Compiler, Source, table};
use crate::query::{Expand, Filter};
use crate::store::row;

use super::Engine;
use super::layout::Layout;

/// Most values in the IN of one statement. Every step of `expand` may multiply the records by its
/// limit, and SQLite binds no more than 32,766 values (the other drivers 65,535).
const MAX_LINKS: usize = 20_000;

fn too_many(relation: &str) -> Error {
    let detail = format!(
        "{relation} would have to be embedded in more than {MAX_LINKS} records; ask for fewer rows \
         (limit) or fewer steps."
    );
    Error::parameter("expand", "too_many_records", detail)
}

/// The records of one relation, by the link that holds them.
#[derive(Debug)]
pub(super) struct Embedded {
    pub(super) name: String,
    many: bool,
    limit: usize,
    /// The columns of the page's rows that hold the link.
    link: Vec<usize>,
    records: HashMap<String, Vec<Vec<u8>>>,
}

impl Embedded {
    /// Appends what belongs to `row`: an object or null, or `{data, page}`.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        layout: &Layout<'_>,
        row: &QueryResult,
    ) -> Result<(), Error> {
        let link = link_text(layout, row, &self.link)?;
        let found = link
            .and_then(|l| self.records.get(&l))
            .map_or(&[][..], Vec::as_slice);
        if !self.many {
            out.extend_from_slice(found.first().map_or(b"null", |json| json));
            return Ok(());
        }
        out.extend_from_slice(b"{\"data\":[");
        for (i, json) in found.iter().take(self.limit).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            out.extend_from_slice(json);
        }
        let more = found.len() > self.limit;
        out.extend_from_slice(
            format!("],\"page\":{{\"limit\":{},\"more\":{more}}}}}", self.limit).as_bytes(),
        );
        Ok(())
    }
}

/// The text of a link; `None` when a part of it is null.
fn link_text(
    layout: &Layout<'_>,
    row: &QueryResult,
    columns: &[usize],
) -> Result<Option<String>, Error> {
    let mut parts = Vec::with_capacity(columns.len());
    for &column in columns {
        match value::to_text(&layout.value(row, column)?) {
            Some(text) => parts.push(text),
            None => return Ok(None),
        }
    }
    Ok(Some(parts.join("\0")))
}

/// Adds to a layout the columns that the relations start from.
pub(super) fn need_links(layout: &mut Layout<'_>, expand: &[Expand]) -> Vec<Vec<usize>> {
    expand
        .iter()
        .map(|e| {
            let own = (e.own != Filter::All).then_some(&e.own);
            let from = layout.model.relations[e.relation].from.clone();
            from.into_iter().map(|f| layout.need(f, own)).collect()
        })
        .collect()
}

impl Engine {
    /// Fetches the records that `expand` asks for, for all `rows` at once.
    pub(super) async fn embed(
        &self,
        layout: &Layout<'_>,
        rows: &[QueryResult],
        expand: &[Expand],
        links: Vec<Vec<usize>>,
    ) -> Result<Vec<Embedded>, Error> {
        let mut all = Vec::with_capacity(expand.len());
        for (expand, link) in expand.iter().zip(links) {
            all.push(self.embed_one(layout, rows, expand, link).await?);
        }
        Ok(all)
    }

    async fn embed_one(
        &self,
        layout: &Layout<'_>,
        rows: &[QueryResult],
        expand: &Expand,
        link: Vec<usize>,
    ) -> Result<Embedded, Error> {
        let relation = &layout.model.relations[expand.relation];
        let mut embedded = Embedded {
            name: relation.name.clone(),
            many: relation.many,
            limit: usize::try_from(self.limits.expand_limit).unwrap_or(usize::MAX),
            link,
            records: HashMap::new(),
        };
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        let mut keys: Vec<Vec<Value>> = Vec::new();
        for row in rows {
            if let Some(text) = link_text(layout, row, &embedded.link)?
                && wanted.insert(text)
            {
                let parts = embedded.link.iter().map(|&c| layout.value(row, c));
                keys.push(parts.collect::<Result<_, _>>()?);
            }
        }
        if keys.is_empty() {
            return Ok(embedded);
        }
        if keys.len().saturating_mul(embedded.link.len()) > MAX_LINKS {
            return Err(too_many(&embedded.name));
        }
        let target = self.registry.model(expand.target);
        let mut inner = Layout::new(target, &expand.fields);
        let inner_links = need_links(&mut inner, &expand.expand);
        let (select, group_at) = self.related_rows(layout, expand, &mut inner, &keys);
        let found = self.db.select(&select).await?;
        let below = Box::pin(self.embed(&inner, &found, &expand.expand, inner_links)).await?;
        let group = self.group_kinds(layout, expand);
        for row in &found {
            let parts = group.iter().enumerate().map(|(i, &(model, field))| {
                let kind = &self.registry.model(model).fields[field].kind;
                row::value(row, group_at + i, kind).map(|v| value::to_text(&v).unwrap_or_default())
            });
            let group = parts.collect::<Result<Vec<_>, _>>()?.join("\0");
            let mut json = Vec::with_capacity(128);
            inner.write(&mut json, row, &below)?;
            embedded.records.entry(group).or_default().push(json);
        }
        Ok(embedded)
    }

    /// The fields that say which of the page's rows a found row belongs to.
    fn group_kinds(
        &self,
        layout: &Layout<'_>,
        expand: &Expand,
    ) -> Vec<(crate::model::ModelId, FieldId)> {
        let relation = &layout.model.relations[expand.relation];
        match &relation.via {
            None => relation.to.iter().map(|&f| (relation.target, f)).collect(),
            Some(via) => via.near.iter().map(|&f| (via.model, f)).collect(),
        }
    }

    /// The rows of the target for these links; the columns that name the link follow the layout's,
    /// from the returned index. A to-many relation is cut to the limit, and one more, per link.
    fn related_rows(
        &self,
        layout: &Layout<'_>,
        expand: &Expand,
        inner: &mut Layout<'_>,
        keys: &[Vec<Value>],
    ) -> (SelectStatement, usize) {
        let relation = &layout.model.relations[expand.relation];
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let target = compiler.root(relation.target);
        let mut select = compiler.select(&target, &inner.columns);
        let condition = compiler.condition(&target, &expand.rows);
        if expand.rows != Filter::All {
            select.and_where(condition);
        }
        let group: Vec<Expr> = match &relation.via {
            None => relation
                .to
                .iter()
                .map(|&f| compiler.column(&target, f))
                .collect(),
            Some(via) => {
                // A table cannot be its own junction, so its name is free.
                let middle = Source {
                    model: via.model,
                    alias: Alias::new("qd_via").into(),
                };
                let meta = self.registry.model(via.model);
                let pairs = via.far.iter().zip(&relation.to);
                let on = pairs
                    .map(|(&far, &to)| {
                        compiler
                            .column(&middle, far)
                            .eq(compiler.column(&target, to))
                    })
                    .reduce(Expr::and);
                if let Some(on) = on {
                    let aliased = table(meta).alias(middle.alias.clone());
                    select.join(sea_orm::sea_query::JoinType::InnerJoin, aliased, on);
                }
                if expand.junction != Filter::All {
                    select.and_where(compiler.condition(&middle, &expand.junction));
                }
                via.near
                    .iter()
                    .map(|&f| compiler.column(&middle, f))
                    .collect()
            }
        };
        select.and_where(links_in(
            &compiler,
            &self.group_kinds(layout, expand),
            &group,
            keys,
            self,
        ));
        let group_at = inner.columns.len();
        for (i, column) in group.iter().enumerate() {
            select.expr_as(column.clone(), Alias::new(format!("qd_link{i}")));
        }
        let order: Vec<Expr> = self
            .registry
            .model(relation.target)
            .key
            .iter()
            .map(|&f| compiler.column(&target, f))
            .collect();
        if !relation.many {
            return (select, group_at);
        }
        let mut window = WindowStatement::new();
        for column in &group {
            window.add_partition_by(column.clone());
        }
        for column in &order {
            window.order_by_expr(column.clone(), Order::Asc);
        }
        let mut named = SelectStatement::new();
        let width = group_at + group.len();
        name_columns(&mut select, &mut named, width);
        select.expr_window_as(Expr::cust("ROW_NUMBER()"), window, Alias::new("qd_row"));
        named.from_subquery(select, Alias::new("qd_rows"));
        named.and_where(Expr::col(Alias::new("qd_row")).lte(self.limits.expand_limit + 1));
        named.order_by(Alias::new("qd_row"), Order::Asc);
        (named, group_at)
    }
}

/// Gives the columns of `inner` the names `c0`, `c1`, … and selects them in `outer`.
fn name_columns(inner: &mut SelectStatement, outer: &mut SelectStatement, width: usize) {
    let mut i = 0;
    inner.exprs_mut_for_each(|select| {
        select.alias = Some(Alias::new(format!("c{i}")).into());
        i += 1;
    });
    for i in 0..width {
        outer.column(Alias::new(format!("c{i}")));
    }
}

/// `link IN (…)`, or the alternatives of a composite link.
fn links_in(
    compiler: &Compiler<'_>,
    fields: &[(crate::model::ModelId, FieldId)],
    columns: &[Expr],
    keys: &[Vec<Value>],
    engine: &Engine,
) -> Expr {
    let bound = |i: usize, value: &Value| {
        let (model, field) = fields[i];
        compiler.bound(
            &engine.registry.model(model).fields[field].kind,
            value.clone(),
        )
    };
    if let [column] = columns {
        return column.clone().is_in(keys.iter().map(|k| bound(0, &k[0])));
    }
    let alternatives = keys.iter().filter_map(|key| {
        let parts = columns
            .iter()
            .enumerate()
            .map(|(i, c)| c.clone().eq(bound(i, &key[i])));
        parts.reduce(Expr::and)
    });
    alternatives
        .reduce(Expr::or)
        .unwrap_or_else(|| Expr::cust("1 = 0"))
}
