//! Row rules around a write: what the stored row allows before it, and what the new row must still
//! be after it.

use sea_orm::sea_query::{CaseStatement, Expr, Query as Sql};
use sea_orm::{ConnectionTrait as _, Value};

use crate::error::{Error, Fault, Kind};
use crate::model::{FieldId, IntSize, Kind as FieldKind, ModelId, value};
use crate::query::sql::{Compiler, table};
use crate::query::{Filter, Sight};
use crate::store::{Tx, failure, row as stored};

use super::Engine;
use super::change::{Item, same};

impl Engine {
    /// Before the write: the changed fields must be writable on this very row.
    pub(super) async fn check_fields(
        &self,
        tx: &Tx,
        item: &Item,
        row: &[Value],
    ) -> Result<(), Error> {
        let changed = item
            .changes
            .values
            .iter()
            .filter(|(f, v)| !same(&row[*f], v));
        let fields: Vec<FieldId> = changed.map(|(f, _)| *f).collect();
        self.check_writable(tx, item, row, &fields).await
    }

    /// After the write: the row must still be one of the caller's, and the fields still writable.
    pub(super) async fn check_row(&self, tx: &Tx, item: &Item, row: &[Value]) -> Result<(), Error> {
        let rows = &item.scope.ruled;
        if *rows != Filter::All && !self.matches(tx, item.model, row, &[rows]).await?[0] {
            return Err(Error::new(
                Kind::Forbidden,
                "row_rule",
                "The record would no longer be one that you may write.",
            ));
        }
        let fields: Vec<FieldId> = item.changes.values.iter().map(|(f, _)| *f).collect();
        self.check_writable(tx, item, row, &fields).await
    }

    async fn check_writable(
        &self,
        tx: &Tx,
        item: &Item,
        row: &[Value],
        fields: &[FieldId],
    ) -> Result<(), Error> {
        let guarded: Vec<(FieldId, &Filter)> = fields
            .iter()
            .filter_map(|&f| match &item.scope.writable[f] {
                Sight::When(filter) => Some((f, filter)),
                Sight::Always | Sight::Never => None,
            })
            .collect();
        if guarded.is_empty() {
            return Ok(());
        }
        let filters: Vec<&Filter> = guarded.iter().map(|(_, f)| *f).collect();
        let open = self.matches(tx, item.model, row, &filters).await?;
        let meta = self.registry.model(item.model);
        let shut = guarded.iter().zip(open).filter(|(_, open)| !open);
        let faults: Vec<Fault> = shut
            .map(|((f, _), _)| {
                let name = &meta.fields[*f].name;
                Fault::field(name, "read_only", format!("{name} cannot be written."))
            })
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(faults))
        }
    }

    /// For each filter, whether the stored row matches it; one statement for all.
    pub(super) async fn matches(
        &self,
        tx: &Tx,
        model: ModelId,
        row: &[Value],
        filters: &[&Filter],
    ) -> Result<Vec<bool>, Error> {
        let meta = self.registry.model(model);
        let key = meta.key_of(row);
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(model);
        let mut select = Sql::select();
        select
            .from(table(meta))
            .and_where(compiler.by_key(&root, &key));
        for filter in filters {
            let condition = compiler.condition(&root, filter);
            let case = CaseStatement::new()
                .case(condition, Expr::cust("1"))
                .finally(Expr::cust("0"));
            select.expr(case);
        }
        let found = tx.query_one(&select).await.map_err(failure::plain)?;
        let Some(found) = found else {
            return Ok(vec![false; filters.len()]);
        };
        let int = FieldKind::Int(IntSize::I64);
        (0..filters.len())
            .map(|i| {
                let value = stored::value(&found, i, &int)?;
                Ok(value::to_text(&value).as_deref() == Some("1"))
            })
            .collect()
    }
}
