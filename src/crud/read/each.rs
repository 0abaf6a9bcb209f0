//! Many records by their keys, with few statements.

use std::collections::HashMap;

use sea_orm::Value;

use crate::crud::bulk::CHUNK;
use crate::crud::layout::Layout;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::model::{ModelId, ModelMeta};
use crate::query::sql::Compiler;
use crate::query::{Cmp, Filter};

use super::{Record, etag};

impl Engine {
    /// Reads each of these records as [`Self::read`] without parameters would, in the order of the keys.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(in crate::crud) async fn read_each(
        &self,
        ctx: &Context,
        (model, keys): (ModelId, &[String]),
    ) -> Result<Vec<Record>, Error> {
        let (rows, fields, _) = self.parse_read(ctx, model, &[])?;
        let meta = self.registry.model(model);
        let mut layout = Layout::new(meta, &fields);
        let key: Vec<usize> = meta.key.iter().map(|&f| layout.need(f, None)).collect();
        let mut records = Vec::with_capacity(keys.len());
        let lot = self.limits.max_in.clamp(1, CHUNK) / meta.key.len().max(1);
        for keys in keys.chunks(lot.max(1)) {
            let keys = keys.iter().map(|key| meta.parse_key(key));
            let keys: Vec<Vec<Value>> = keys.collect::<Result<_, _>>()?;
            let mut compiler = Compiler::new(&self.registry, self.db.backend());
            let root = compiler.root(model);
            let mut select = compiler.select(&root, &layout.columns);
            let filter = one_of(meta, &keys).and(rows.clone());
            select.and_where(compiler.condition(&root, &filter));
            let mut found = HashMap::new();
            for row in self.db.select(&select).await? {
                let own = key.iter().map(|&column| layout.value(&row, column));
                found.insert(meta.key_text(&own.collect::<Result<Vec<_>, _>>()?), row);
            }
            for key in &keys {
                // A database may take another text for the same: by its text the record is known.
                let row = found
                    .get(&meta.key_text(key))
                    .ok_or_else(Error::not_found)?;
                let mut body = Vec::with_capacity(512);
                let fields = layout.write(&mut body, row, &[])?;
                records.push(Record {
                    etag: etag(&body),
                    body,
                    fields,
                });
            }
        }
        Ok(records)
    }
}

/// The condition that a record has one of these keys.
fn one_of(model: &ModelMeta, keys: &[Vec<Value>]) -> Filter {
    if let [field] = model.key[..] {
        return Filter::In {
            field,
            values: keys.concat(),
            negated: false,
        };
    }
    let same = |key: &Vec<Value>| {
        let parts = model.key.iter().zip(key);
        let part = |(&field, value): (_, &Value)| Filter::Cmp(field, Cmp::Eq, value.clone());
        Filter::And(parts.map(part).collect())
    };
    Filter::Or(keys.iter().map(same).collect())
}
