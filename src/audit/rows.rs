//! Reads audit rows and seals.

use chrono::{DateTime, Utc};
use quarterdeck_entity::system::{audit, audit_seal};
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, DbBackend, EntityTrait as _, FromQueryResult as _, IdenStatic,
    Iterable as _, QueryFilter as _, QueryOrder as _, QueryResult, QuerySelect as _,
    QueryTrait as _,
};

use crate::error::Error;
use crate::store::{Db, failure};

use super::canonical;
use super::chain::Link;
use super::ids::Ids;

/// Rows that are in memory at once: each may be as large as a request.
pub(super) const AT_ONCE: i64 = 200;

/// Runs of numbers that one statement asks for.
const RUNS: usize = 100;

/// An audit row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: i64,
    /// Its canonical bytes; for a row that cannot be read, which nobody but a stranger can have
    /// written, some that no other row has.
    pub(super) canonical: Vec<u8>,
}

/// The rows after `id`, in order, no more than `most`.
pub(super) async fn after(db: &Db, id: i64, most: i64) -> Result<Vec<Row>, Error> {
    let most = u64::try_from(most).unwrap_or_default();
    rows(db, audit::Column::Id.gt(id).into(), most).await
}

/// Those rows of a set that there are, in order, no more than [`AT_ONCE`].
pub(super) async fn among(db: &Db, ids: &Ids) -> Result<Vec<Row>, Error> {
    let mut found = Vec::new();
    for condition in conditions(ids) {
        let room = usize::try_from(AT_ONCE).unwrap_or_default() - found.len();
        if room == 0 {
            break;
        }
        found.extend(rows(db, condition, room as u64).await?);
    }
    Ok(found)
}

/// The first row of a set that there is.
pub(super) async fn first(db: &Db, ids: &Ids) -> Result<Option<i64>, Error> {
    for condition in conditions(ids) {
        if let Some(id) = least(db, condition).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The first row with a number that the database never gives.
pub(super) async fn below_one(db: &Db) -> Result<Option<i64>, Error> {
    least(db, audit::Column::Id.lt(1).into()).await
}

/// How many rows of a set, and after a number, there are.
pub(super) async fn count(db: &Db, ids: &Ids, after: i64) -> Result<i64, Error> {
    let mut sum = 0;
    let after = audit::Column::Id.gt(after).into();
    for condition in conditions(ids).into_iter().chain([after]) {
        let select = audit::Entity::find()
            .select_only()
            .expr_as(audit::Column::Id.count(), "n")
            .filter(condition);
        let found = db.select(select.as_query()).await?;
        let n = found.first().map(|row| row.try_get::<i64>("", "n"));
        sum += n.transpose().map_err(failure::plain)?.unwrap_or_default();
    }
    Ok(sum)
}

async fn least(db: &Db, condition: Condition) -> Result<Option<i64>, Error> {
    let select = audit::Entity::find()
        .select_only()
        .column(audit::Column::Id)
        .filter(condition)
        .order_by_asc(audit::Column::Id)
        .limit(1);
    let found = db.select(select.as_query()).await?;
    let id = found.first().map(|row| row.try_get("", "id"));
    id.transpose().map_err(failure::plain)
}

fn conditions(ids: &Ids) -> Vec<Condition> {
    let parts = ids.runs().chunks(RUNS);
    let any = |runs: &[(i64, i64)]| {
        let each = runs.iter().map(|&(first, last)| match first == last {
            true => audit::Column::Id.eq(first),
            false => audit::Column::Id.between(first, last),
        });
        each.fold(Condition::any(), Condition::add)
    };
    parts.map(any).collect()
}

async fn rows(db: &Db, condition: Condition, most: u64) -> Result<Vec<Row>, Error> {
    let text = match db.backend() {
        DbBackend::MySql => "char",
        _ => "text",
    };
    // In the order that their bytes are in.
    let mut columns: Vec<_> = audit::Column::iter().collect();
    columns.sort_unstable_by_key(IdenStatic::as_str);
    let mut select = audit::Entity::find().select_only().filter(condition);
    for column in &columns {
        select = match column {
            // Its own text: parsed, numbers would be rounded.
            audit::Column::Changes => {
                let cast = Expr::col(*column).cast_as(Alias::new(text));
                select.expr_as(cast, column.as_str())
            }
            plain => select.column(*plain),
        };
    }
    let select = select.order_by_asc(audit::Column::Id).limit(most);
    let found = db.select(select.as_query()).await?;
    found.iter().map(|found| row(found, &columns)).collect()
}

fn row(found: &QueryResult, columns: &[audit::Column]) -> Result<Row, Error> {
    let id: i64 = found.try_get("", "id").map_err(failure::plain)?;
    let canonical = canonical(found, columns);
    let canonical = canonical.unwrap_or_else(|| format!("unreadable {id}").into_bytes());
    Ok(Row { id, canonical })
}

fn canonical(found: &QueryResult, columns: &[audit::Column]) -> Option<Vec<u8>> {
    use audit::Column::{
        At, ChangeSet, Changes, Door, Id, Ip, Model, Reason, RecordId, RequestId, TokenId, Undoes,
        UserId, Username, Verb,
    };
    let mut row = canonical::Row::default();
    for (place, column) in columns.iter().enumerate() {
        let name = column.as_str();
        match column {
            Id | UserId | TokenId | ChangeSet | Undoes => {
                let number: Option<i64> = found.try_get_by_index(place).ok()?;
                row.plain(name, &number.into());
            }
            At => {
                let at: Option<DateTime<Utc>> = found.try_get_by_index(place).ok()?;
                row.plain(name, &at.into());
            }
            Username | Door | Ip | RequestId | Verb | Model | RecordId | Reason => {
                let text: Option<String> = found.try_get_by_index(place).ok()?;
                if let Some(text) = text {
                    row.text(name, &text);
                }
            }
            Changes => {
                let text: Option<String> = found.try_get_by_index(place).ok()?;
                if let Some(text) = text {
                    row.json(name, &text)?;
                }
            }
        }
    }
    Some(row.bytes())
}

/// The seals after `id`, in order, no more than `most`.
pub(super) async fn seals(db: &Db, id: i64, most: u64) -> Result<Vec<audit_seal::Model>, Error> {
    let select = audit_seal::Entity::find()
        .filter(audit_seal::Column::Id.gt(id))
        .order_by_asc(audit_seal::Column::Id)
        .limit(most);
    let found = db.select(select.as_query()).await?;
    let seal = |row| audit_seal::Model::from_query_result(row, "").map_err(failure::plain);
    found.iter().map(seal).collect()
}

/// The same without their digests.
pub(super) async fn links(db: &Db, condition: Condition, most: u64) -> Result<Vec<Link>, Error> {
    use audit_seal::Column::{At, Digests, Gaps, Head, Highest, Id, Ranges, Rows, Signature};
    let select = audit_seal::Entity::find()
        .select_only()
        .columns([Id, At, Rows, Highest, Ranges, Gaps, Head, Signature])
        // In place of up to 16 kB that nobody looks at.
        .expr_as(Expr::val(Vec::<u8>::new()), Digests.as_str())
        .filter(condition)
        .order_by_asc(Id)
        .limit(most);
    let found = db.select(select.as_query()).await?;
    let link = |row| {
        let seal = audit_seal::Model::from_query_result(row, "").map_err(failure::plain)?;
        Link::of(&seal).ok_or_else(|| Error::internal(format!("audit seal {} is broken", seal.id)))
    };
    found.iter().map(link).collect()
}

/// The last seal without its digests.
pub(super) async fn last(db: &Db) -> Result<Option<Link>, Error> {
    use audit_seal::Column::Id;
    let select = audit_seal::Entity::find()
        .select_only()
        .expr_as(Id.max(), "last");
    let found = db.select(select.as_query()).await?;
    let id = found
        .first()
        .map(|row| row.try_get::<Option<i64>>("", "last"));
    let Some(id) = id.transpose().map_err(failure::plain)?.flatten() else {
        return Ok(None);
    };
    Ok(links(db, Id.eq(id).into(), 1).await?.pop())
}
