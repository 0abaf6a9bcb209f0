//! Conflicts named after fields: which unique key, which foreign key, as far as the caller may read.

use sea_orm::sea_query::Query as Sql;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Value};

use crate::acl::Scope;
use crate::error::{Error, Fault, Kind};
use crate::model::patch::Changes;
use crate::model::{FieldId, ModelMeta, Relation};
use crate::query::Filter;
use crate::query::sql::{Compiler, table};
use crate::store::failure::{self, Failure};

use super::{Context, Engine};

/// 409 for a unique key. The field is named only to a caller that may read it.
pub(super) fn unique(model: &ModelMeta, scope: &Scope, names: &[String]) -> Error {
    let named: Vec<FieldId> = names.iter().flat_map(|n| columns_named(n, model)).collect();
    let readable = (0..model.fields.len()).filter(|id| scope.readable[*id].possible());
    let mut faults: Vec<Fault> = readable
        .filter(|id| named.contains(id))
        .map(|id| {
            let name = &model.fields[id].name;
            Fault::field(name, "unique", format!("Another record has this {name}."))
        })
        .collect();
    if faults.is_empty() && names.iter().any(|n| n == "PRIMARY" || n.ends_with("_pkey")) {
        faults.extend(model.key.iter().map(|&k| {
            let name = &model.fields[k].name;
            Fault::field(name, "unique", format!("Another record has this {name}."))
        }));
    }
    conflict("unique", "Another record already has this value.", faults)
}

/// A driver names the column, or a key whose name is made from the table's and the columns'. Behind
/// a view they are those of the base table, whose spelling may differ: `artist_id` for `ArtistId`.
fn columns_named(name: &str, model: &ModelMeta) -> Vec<FieldId> {
    let snake = crate::model::describe::snake_case;
    let columns: Vec<String> = model.fields.iter().map(|f| snake(&f.column)).collect();
    let is = |id: &FieldId| model.fields[*id].column == name || columns[*id] == name;
    if let Some(column) = (0..columns.len()).find(is) {
        return vec![column];
    }
    let (plain, table) = (name.to_ascii_lowercase(), snake(&model.table));
    let kinds = ["key", "idx", "unique", "uq"];
    kinds
        .iter()
        .filter_map(|kind| {
            let first = plain.strip_prefix(&format!("{kind}_{table}_"));
            let last = || {
                let rest = plain.strip_prefix(&format!("{table}_"))?;
                rest.strip_suffix(&format!("_{kind}"))
            };
            joined(first.or_else(last)?, &columns)
        })
        .next()
        .unwrap_or_default()
}

/// The columns of which `text` is made with `_` between them: `order_id_book_id`. The longest name that
/// fits is meant: `order_id` is that column where there is one, and not `order` with `id`.
fn joined(text: &str, columns: &[String]) -> Option<Vec<FieldId>> {
    let begins = |(_, column): &(FieldId, &String)| text.starts_with(column.as_str());
    let mut first: Vec<_> = columns.iter().enumerate().filter(begins).collect();
    first.sort_by_key(|(_, column)| std::cmp::Reverse(column.len()));
    first.into_iter().find_map(|(id, column)| {
        let rest = &text[column.len()..];
        if rest.is_empty() {
            return Some(vec![id]);
        }
        let mut all = joined(rest.strip_prefix('_')?, columns)?;
        all.push(id);
        Some(all)
    })
}

fn conflict(code: &'static str, detail: &'static str, faults: Vec<Fault>) -> Error {
    Error {
        faults,
        ..Error::new(Kind::Conflict, code, detail)
    }
}

/// 409 for a foreign key that points at nothing, or at a row the caller may not see.
fn missing(model: &ModelMeta, scope: &Scope, relations: &[&Relation]) -> Error {
    let fields = relations
        .iter()
        .flat_map(|r| &r.from)
        .filter(|&&f| scope.readable[f].possible() || scope.writable[f].possible());
    let faults = fields
        .map(|&f| {
            let name = &model.fields[f].name;
            Fault::field(
                name,
                "foreign_key",
                format!("{name} names a record that is not there."),
            )
        })
        .collect();
    conflict(
        "foreign_key",
        "A record that this one points at is not there.",
        faults,
    )
}

/// The values of a link, if the change sets any of them and none is null.
fn link(relation: &Relation, changes: &Changes, before: Option<&[Value]>) -> Option<Vec<Value>> {
    let changed = |f: FieldId| {
        changes
            .values
            .iter()
            .find(|(id, _)| *id == f)
            .map(|(_, v)| v)
    };
    if !relation.owns_key || !relation.from.iter().any(|&f| changed(f).is_some()) {
        return None;
    }
    let value = |f: FieldId| {
        changed(f)
            .or_else(|| before.and_then(|b| b.get(f)))
            .cloned()
    };
    relation
        .from
        .iter()
        .map(|&f| value(f).filter(|v| crate::model::value::to_text(v).is_some()))
        .collect()
}

impl Engine {
    /// Checks that every record a change points at may be seen by the caller. Without a row rule on
    /// the target the database's own foreign key says the same, at no cost.
    pub(super) async fn check_links<C: ConnectionTrait>(
        &self,
        ctx: &Context,
        connection: &C,
        (model, scope): (&ModelMeta, &Scope),
        changes: &Changes,
        before: Option<&[Value]>,
    ) -> Result<(), Error> {
        let mut wanted = Vec::new();
        for relation in &model.relations {
            let Some(values) = link(relation, changes, before) else {
                continue;
            };
            let rows = self.with_access(ctx, |access| access.visible_rows(relation.target));
            if rows != Filter::All {
                wanted.push((relation, values, rows));
            }
        }
        let mut absent = Vec::new();
        for (relation, values, rows) in wanted {
            if !self.exists(connection, relation, &values, &rows).await? {
                absent.push(relation);
            }
        }
        if absent.is_empty() {
            Ok(())
        } else {
            Err(missing(model, scope, &absent))
        }
    }

    /// After the database refused a foreign key: which one it was.
    pub(super) async fn explain_links<C: ConnectionTrait>(
        &self,
        connection: &C,
        (model, scope): (&ModelMeta, &Scope),
        changes: &Changes,
        before: Option<&[Value]>,
    ) -> Error {
        let mut absent = Vec::new();
        for relation in &model.relations {
            let Some(values) = link(relation, changes, before) else {
                continue;
            };
            let found = self
                .exists(connection, relation, &values, &Filter::All)
                .await;
            if matches!(found, Ok(false)) {
                absent.push(relation);
            }
        }
        missing(model, scope, &absent)
    }

    async fn exists<C: ConnectionTrait>(
        &self,
        connection: &C,
        relation: &Relation,
        values: &[Value],
        rows: &Filter,
    ) -> Result<bool, Error> {
        let target = self.registry.model(relation.target);
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(relation.target);
        let mut select = Sql::select();
        select.from(table(target)).expr(Expr::val(1)).limit(1);
        for (&field, value) in relation.to.iter().zip(values) {
            let bound = compiler.bound(&target.fields[field].kind, value.clone());
            select.and_where(compiler.column(&root, field).eq(bound));
        }
        if *rows != Filter::All {
            select.and_where(compiler.condition(&root, rows));
        }
        let found = connection
            .query_one(&select)
            .await
            .map_err(failure::plain)?;
        Ok(found.is_some())
    }
}

/// 409 for a delete that a foreign key forbids.
pub(super) fn referenced() -> Error {
    conflict("referenced", "Other records point at this one.", Vec::new())
}

/// The error for a row that could not go along with another. Which of many stood against it is nothing
/// that a caller may know by a field.
pub(super) fn of_cascade(error: DbErr) -> Error {
    match failure::classify(&error) {
        Failure::Retry
        | Failure::Locked
        | Failure::Timeout
        | Failure::Unavailable
        | Failure::Full
        | Failure::Storage
        | Failure::Damaged => failure::plain(error),
        Failure::Unique(_)
        | Failure::ForeignKey
        | Failure::Constraint
        | Failure::Incomparable
        | Failure::Unreadable
        | Failure::Other => referenced().because(error),
    }
}

/// The error for a row that could not be loaded for writing. On SQLite a cell may be of another type
/// than its column, text may be no UTF-8, and an entity cannot hold that (A87): nothing is wrong with
/// us or the request, and what is stored must not be written over with what it resembles. Elsewhere
/// an entity that does not fit its table is our fault.
pub(super) fn of_load(backend: DbBackend, error: DbErr) -> Error {
    if backend != DbBackend::Sqlite || failure::classify(&error) != Failure::Unreadable {
        return failure::plain(error);
    }
    tracing::warn!(%error, "a row cannot be written: a stored value does not fit its field");
    let detail = "A stored value of this record does not fit its field: the record can be read here, \
                  and changed only in the database itself.";
    conflict("unreadable", detail, Vec::new()).because(error)
}

/// The error for a failed statement, before a foreign key is explained.
pub(super) fn of_write(model: &ModelMeta, scope: &Scope, error: DbErr) -> Error {
    match failure::classify(&error) {
        Failure::Unique(names) => unique(model, scope, &names).because(error),
        Failure::Constraint => Error::invalid(vec![Fault::pointer(
            String::new(),
            "constraint",
            "The database refuses these values.",
        )])
        .because(error),
        Failure::ForeignKey
        | Failure::Retry
        | Failure::Locked
        | Failure::Timeout
        | Failure::Unavailable
        | Failure::Incomparable
        | Failure::Unreadable
        | Failure::Full
        | Failure::Storage
        | Failure::Damaged
        | Failure::Other => failure::plain(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_named_after_its_columns_is_of_those_with_the_longest_names() {
        let columns = ["id", "order", "order_id", "id_of"].map(ToOwned::to_owned);
        let of = |text: &str| {
            let mut all = joined(text, &columns)?;
            all.sort_unstable();
            Some(all)
        };
        assert_eq!(of("order_id"), Some(vec![2]));
        assert_eq!(of("order_id_order"), Some(vec![1, 2]));
        assert_eq!(of("id_order"), Some(vec![0, 1]));
        // Where the longest leads nowhere, a shorter one may.
        assert_eq!(of("order_id_of"), Some(vec![1, 3]));
        assert_eq!(of("order_no"), None);
    }

    #[test]
    fn a_database_that_is_away_is_no_record_that_points_here() {
        let away = DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout);
        assert_eq!(of_cascade(away).kind, Kind::Unavailable);
        let refused = of_cascade(DbErr::Custom("of the database".into()));
        assert_eq!(refused.kind, Kind::Conflict);
        assert_eq!(refused.code, "referenced");
    }
}
