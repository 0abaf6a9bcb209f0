//! Which records an action is asked for, and what its form was filled with: as an address or a form
//! says it, and as the body of the API's request.

use crate::admin::address::Query;
use crate::admin::list::matching;
use crate::admin::list::place::Place;
use crate::admin::record::form::{self, Sent};
use crate::error::Error;
use crate::model::{ActionMeta, Input, ModelMeta};
use crate::page::words::t;

/// The names that are no field of the form.
const OWN: [&str; 5] = ["_run", "_all", "_rest", "_most", "_once"];

/// What is asked for.
pub(super) struct Asked {
    /// The list that one comes from.
    pub(super) place: Place,
    /// The keys of the records.
    pub(super) keys: Vec<String>,
    /// Whether all that match are meant instead.
    pub(super) all: bool,
    /// How many records it was when the page asked.
    most: u64,
    /// The `Idempotency-Key` of the page that asked, so that a form that is sent twice does nothing twice.
    pub(super) once: Option<String>,
    pub(super) sent: Sent,
}

impl Asked {
    /// The keys are in `ids` with commas between them, each with its own commas escaped once more; or
    /// in several fields of this name. With `_all` all are meant that match the list of `_rest`.
    ///
    /// # Errors
    /// 400 where no record is named, and where the list is the trash: what is in it can only be restored
    /// or deleted for good.
    pub(super) fn of(
        fields: Vec<(String, String)>,
        (model, action): (&ModelMeta, &ActionMeta),
    ) -> Result<Self, Error> {
        let (ids, rest): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(n, _)| n == "ids");
        let ids = ids.iter().flat_map(|(_, ids)| ids.split(','));
        let decode = |id: &str| {
            let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
            id.into_owned()
        };
        let keys: Vec<String> = ids.filter(|id| !id.is_empty()).map(decode).collect();
        let (own, rest): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|(name, _)| OWN.contains(&name.as_str()));
        let own = Query(own);
        let all = own.get("_all").is_some();
        if keys.is_empty() && !all {
            let detail = t("Select the records first.");
            return Err(Error::parameter("ids", "required", detail));
        }
        let place = Place::of(&Query::parse(own.get("_rest").unwrap_or_default())?);
        if all && place.in_trash(model) {
            let detail = t("There are no actions in the trash.");
            return Err(Error::parameter("_rest", "trash", detail));
        }
        let known = |name: &str| action.form.iter().any(|f| f.name == name);
        let most = own.get("_most").and_then(|n| n.parse().ok());
        Ok(Self {
            place,
            keys,
            all,
            most: most.unwrap_or_default(),
            once: own.get("_once").map(ToOwned::to_owned),
            sent: Sent::of(rest, known)?,
        })
    }

    /// What a form has to say again of them.
    pub(super) fn hidden(&self, records: u64) -> Vec<(&'static str, String)> {
        let once = uuid::Uuid::new_v4().to_string();
        let mut all = vec![("_rest", self.place.selecting(&[]).text()), ("_once", once)];
        if self.all {
            all.extend([("_all", "1".to_owned()), ("_most", records.to_string())]);
        } else {
            all.push(("ids", encoded(&self.keys)));
        }
        all
    }

    /// The request that the form stands for.
    pub(super) fn body(&self, model: &ModelMeta, action: &ActionMeta) -> Result<Input, Error> {
        let part = self.sent.record();
        let (mut input, mut faults) = (Vec::new(), Vec::new());
        for field in &action.form {
            let state = part.state(field);
            if state.as_deref().is_none_or(str::is_empty) {
                continue;
            }
            match form::input(&field.kind, state, self.sent.zone()) {
                Ok(value) => input.push((field.name.clone(), value)),
                Err(misfit) => faults.push(misfit.of(&field.name).within("/input")),
            }
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults));
        }
        let mut body = self.records(model, self.most);
        body.push(("input".to_owned(), Input::Object(input)));
        Ok(Input::Object(body))
    }

    /// The members of a body that say which records.
    pub(super) fn records(&self, model: &ModelMeta, most: u64) -> Vec<(String, Input)> {
        if self.all {
            return matching::members(model, &self.place, most).into();
        }
        let ids = self.keys.iter().cloned().map(Input::String).collect();
        vec![("ids".to_owned(), Input::Array(ids))]
    }
}

/// Keys for an address or a hidden field: a comma or a percent sign within one is escaped.
fn encoded(keys: &[String]) -> String {
    let one = |key: &String| key.replace('%', "%25").replace(',', "%2C");
    keys.iter().map(one).collect::<Vec<_>>().join(",")
}

/// The address where an action on records of a list is asked for: on all that match for no keys.
pub(crate) fn address_of((slug, action): (&str, &str), place: &Place, keys: &[String]) -> String {
    let rest = place.selecting(&[]).text();
    let mut query = match keys {
        [] => vec![("_all".to_owned(), "1".to_owned())],
        keys => vec![("ids".to_owned(), encoded(keys))],
    };
    if !rest.is_empty() {
        query.push(("_rest".to_owned(), rest));
    }
    format!("/admin/{slug}/_actions/{action}?{}", Query(query).text())
}
