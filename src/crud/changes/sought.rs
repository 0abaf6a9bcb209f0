//! What a list of change sets is narrowed to: its parameters, and the condition that they come to.

use chrono::{DateTime, Utc};
use quarterdeck_entity::system::audit;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Query as Sql};
use sea_orm::{ColumnTrait as _, Condition};

use crate::crud::history;
use crate::error::{Error, Fault};

use super::WRITES;

/// What the list is narrowed to.
#[derive(Debug, Default)]
pub(super) struct Sought {
    user: Option<i64>,
    model: Option<String>,
    door: Option<String>,
    request: Option<String>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl Sought {
    /// The condition on the first row of a change set.
    pub(super) fn condition(&self) -> Condition {
        use audit::Column::{At, Door, RequestId, UserId, Verb};
        let mut all = Condition::all().add(Verb.is_in(WRITES));
        all = all.add_option(self.user.map(|user| UserId.eq(user)));
        all = all.add_option(self.door.as_ref().map(|door| Door.eq(door)));
        all = all.add_option(self.request.as_ref().map(|id| RequestId.eq(id)));
        all = all.add_option(self.since.map(|at| At.gte(at)));
        all = all.add_option(self.until.map(|at| At.lt(at)));
        all.add_option(self.model.as_ref().map(|model| has_part_of(model)))
    }
}

/// Whether a change set has a row of this model.
fn has_part_of(model: &str) -> Condition {
    use audit::Column::{ChangeSet, Id, Model};
    let part = || Alias::new("part");
    let further = Sql::select()
        .expr(Expr::val(1))
        .from_as(audit::Entity, part())
        .and_where(Expr::col((part(), ChangeSet)).equals((audit::Entity, Id)))
        .and_where(Expr::col((part(), Model)).eq(model))
        .take();
    Condition::any()
        .add(Model.eq(model))
        .add(Expr::exists(further))
}

/// Reads the parameters: the page, and what is sought.
pub(super) fn read(
    parameters: &[(String, String)],
    most: u64,
) -> Result<(u64, Option<i64>, Sought), Error> {
    let mut sought = Sought::default();
    let (mut rest, mut faults) = (Vec::new(), Vec::new());
    for (name, text) in parameters {
        match name.as_str() {
            "limit" | "cursor" => rest.push((name.clone(), text.clone())),
            _ => faults.extend(sought.take(name, text).err()),
        }
    }
    match history::page(&rest, most) {
        Ok((limit, cursor)) if faults.is_empty() => Ok((limit, cursor, sought)),
        Ok(_) => Err(Error::malformed(faults)),
        Err(error) => {
            faults.extend(error.faults);
            Err(Error::malformed(faults))
        }
    }
}

impl Sought {
    fn take(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let fault = |detail| Fault::parameter(name, "unknown_parameter", detail);
        let time = || {
            let read = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
            read.map_err(|_| fault("This is a time (RFC 3339)."))
        };
        match name {
            "user" => {
                let id = text.parse();
                self.user = Some(id.map_err(|_| fault("user is the number of a user."))?);
            }
            "model" => self.model = Some(text.to_owned()),
            "door" => self.door = Some(text.to_owned()),
            "request" => self.request = Some(text.to_owned()),
            "since" => self.since = Some(time()?),
            "until" => self.until = Some(time()?),
            _ => {
                return Err(fault(
                    "There is no such parameter here; allowed: limit, cursor, user, model, door, \
                     request, since, until.",
                ));
            }
        }
        Ok(())
    }
}
