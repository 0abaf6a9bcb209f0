//! The answer to a write: the record as its writer may read it.

use sea_orm::Value;

use crate::acl::Scope;
use crate::error::Error;
use crate::model::{ModelId, Verb, value};
use crate::query::{Filter, Sight};
use crate::store::Tx;

use super::read::etag;
use super::{Context, Engine};

/// A finished write.
#[derive(Debug, Default)]
pub struct Written {
    /// The record as the caller may read it.
    pub body: Vec<u8>,
    /// Its entity tag.
    pub etag: String,
    /// The text of its key.
    pub key: String,
    /// Whether this is the first answer to a request that came again: nothing was written now.
    pub again: bool,
    /// Whether this is the answer to a dry run: what would be written, and nothing was.
    pub dry_run: bool,
}

impl Engine {
    /// The answer to a write of this row.
    pub(super) async fn written(
        &self,
        tx: &Tx,
        (ctx, model): (&Context, ModelId),
        row: &[Value],
    ) -> Result<Written, Error> {
        let meta = self.registry.model(model);
        let body = self.representation(tx, (ctx, model), row).await?;
        Ok(Written {
            etag: etag(&body),
            body,
            key: meta.key_text(&meta.key_of(row)),
            ..Written::default()
        })
    }

    /// The record as the caller may read it: nothing but its key to one who may only write.
    pub(super) async fn representation(
        &self,
        tx: &Tx,
        (ctx, model): (&Context, ModelId),
        row: &[Value],
    ) -> Result<Vec<u8>, Error> {
        let meta = self.registry.model(model);
        let shown = match self.scope(ctx, Verb::Read, model) {
            Ok(scope) => self.shown(tx, model, &scope, row).await?,
            Err(_) => vec![Shown::Absent; meta.fields.len()],
        };
        let mut body = Vec::with_capacity(512);
        body.push(b'{');
        for (id, field) in meta.fields.iter().enumerate() {
            if shown[id] == Shown::Absent && !meta.key.contains(&id) {
                continue;
            }
            if body.len() > 1 {
                body.push(b',');
            }
            value::write_string(&mut body, &field.name);
            body.push(b':');
            match shown[id] {
                Shown::Null => body.extend_from_slice(b"null"),
                Shown::Value | Shown::Absent => {
                    value::write_field(&mut body, &field.kind, &row[id]);
                }
            }
        }
        body.push(b'}');
        Ok(body)
    }

    /// How each field of a row is shown to a reader with this scope.
    async fn shown(
        &self,
        tx: &Tx,
        model: ModelId,
        scope: &Scope,
        row: &[Value],
    ) -> Result<Vec<Shown>, Error> {
        let mut filters: Vec<&Filter> = vec![&scope.ruled];
        filters.extend(scope.readable.iter().filter_map(|s| match s {
            Sight::When(filter) => Some(filter),
            Sight::Always | Sight::Never => None,
        }));
        let open = if filters == [&Filter::All] {
            vec![true]
        } else {
            self.matches(tx, model, row, &filters).await?
        };
        let (visible, mut guards) = (open[0], open[1..].iter());
        Ok(scope
            .readable
            .iter()
            .map(|sight| match sight {
                Sight::Never => Shown::Absent,
                _ if !visible => Shown::Absent,
                Sight::Always => Shown::Value,
                // Hidden on this row: null, as a read shows it.
                Sight::When(_) if guards.next() == Some(&true) => Shown::Value,
                Sight::When(_) => Shown::Null,
            })
            .collect())
    }
}

/// How a field of a written row is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Value,
    Null,
    Absent,
}
