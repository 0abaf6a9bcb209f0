//! Grants outlive the fields they name. What is left of such a name is taken out at the start, so that
//! a later field of the same name begins with no permission (A36). A rule for rows that names one is
//! emptied as a whole: a part of it would let more rows through than was granted.

use std::sync::Arc;

use quarterdeck_entity::system::grant;
use sea_orm::EntityTrait as _;
use serde_json::{Map, Value, json};

use crate::acl::{Absent, Rows};
use crate::crud::{Context, Engine, IfMatch, Target};
use crate::error::Error;
use crate::model::{Input, ModelMeta, Verb};
use crate::store::failure;

/// Takes names of fields that a registered model does not have out of its grants. Each change is a
/// write of the operator's, with its entry in the audit. The grants of a model that is not registered
/// are left alone, and rules that lead to one: a plugin may only be away for a while.
///
/// # Errors
/// What the database said.
pub(super) async fn grants(engine: &Arc<Engine>) -> Result<(), Error> {
    let model = engine.model("qd_grant")?.id;
    let all = grant::Entity::find().all(engine.db().reader()).await;
    for row in all.map_err(failure::plain)? {
        let Some(of) = engine.registry().by_slug(&row.model) else {
            continue;
        };
        let lists = [("readable", &row.readable), ("writable", &row.writable)];
        let mut narrowed: Map<String, Value> = lists
            .into_iter()
            .filter_map(|(name, list)| Some((name.to_owned(), known(of, list)?)))
            .collect();
        let rule = Rows::parse(&Input::from(&row.rows));
        match rule.absent(engine.registry(), of.id) {
            Absent::Nothing => {}
            Absent::Away => tracing::warn!(
                grant = row.id,
                model = row.model,
                "the rule of a grant leads to what is not registered; it lets nobody in meanwhile"
            ),
            Absent::Lost => {
                narrowed.insert("rows".to_owned(), json!({}));
            }
        }
        if narrowed.is_empty() {
            continue;
        }
        tracing::warn!(
            grant = row.id,
            model = row.model,
            "a grant names fields that are no more; they are taken out of it"
        );
        let body = Input::from(&Value::Object(narrowed));
        let key = row.id.to_string();
        let ctx = Context::operator();
        let target = Target {
            key: &key,
            condition: &IfMatch::Unconditional,
        };
        let done = engine
            .update(&ctx, (model, Verb::Patch), target, body)
            .await;
        // A grant that makes no sense for another reason allows nothing as it is.
        if let Err(error) = done {
            tracing::warn!(grant = row.id, error = %error, "the grant could not be mended");
        }
    }
    Ok(())
}

/// A list without the names that the model does not have; `None` when it has all of them.
fn known(model: &ModelMeta, list: &Value) -> Option<Value> {
    let names = list.as_array()?;
    let exists = |name: &&Value| name.as_str().is_some_and(|n| model.field(n).is_some());
    let kept: Vec<Value> = names.iter().filter(exists).cloned().collect();
    (kept.len() < names.len()).then_some(Value::Array(kept))
}
