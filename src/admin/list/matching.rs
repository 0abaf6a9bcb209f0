//! All records that match the conditions of a list: how many there are, the first of them, and how an
//! operation names them. What is done with them is not here.

use crate::crud::{Context, Count, Engine, ListRequest, Page};
use crate::error::Error;
use crate::model::{Input, ModelMeta};

use super::place::Place;

/// Most records of one operation.
pub(crate) const MOST: u64 = Engine::MOST as u64;

/// How many there are now, or that they are more than [`MOST`]: how many more would be a count of a whole
/// table that nobody needs.
pub(crate) async fn count(
    engine: &Engine,
    ctx: &Context,
    (model, place): (&ModelMeta, &Place),
) -> Result<Count, Error> {
    let parameters = parameters(model, place, &[]);
    let request = ListRequest::Parameters(&parameters);
    engine.count_to(ctx, model.id, (request, MOST)).await
}

/// A list of them, with these parameters besides the conditions.
pub(crate) async fn listed(
    engine: &Engine,
    ctx: &Context,
    (model, place): (&ModelMeta, &Place),
    own: &[(&str, &str)],
) -> Result<Page, Error> {
    let parameters = parameters(model, place, own);
    let request = ListRequest::Parameters(&parameters);
    engine.list(ctx, model.id, request).await
}

fn parameters(model: &ModelMeta, place: &Place, own: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut parameters = place.conditions(model).0;
    parameters.extend(own.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    if place.in_trash(model) {
        parameters.push(("trash".into(), "only".into()));
    }
    parameters
}

/// The members of a body that mean them, and no more than they were.
pub(crate) fn members(model: &ModelMeta, place: &Place, records: u64) -> [(String, Input); 2] {
    let conditions = place.conditions(model).text();
    let most = records.clamp(1, MOST).to_string();
    [
        ("where".to_owned(), Input::String(conditions)),
        ("max_affected".to_owned(), Input::Number(most)),
    ]
}
