//! One record: its page, as a form where the caller may change it, and the empty form of a new one.
//!
//! [`page`] makes the page, [`save`] does what its form asks for; how the text of a form becomes JSON is
//! in [`form`], the control of each kind in [`widget`], records to point at in [`pick`].

mod around;
pub(crate) mod blank;
pub(crate) mod controls;
pub(crate) mod delete;
mod difference;
pub(crate) mod draft;
pub(crate) mod faults;
pub(crate) mod form;
pub(crate) mod inline;
pub(crate) mod page;
pub(crate) mod pick;
pub(crate) mod save;
pub(crate) mod widget;

use crate::acl::Scope;
use crate::admin::address::Query;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::crud::{Context, Engine};
use crate::error::Error;
use crate::http::Call;
use crate::model::{FieldId, ModelMeta, Verb};

use self::inline::Family;
use self::widget::Purpose;

/// A record that the caller may read.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) view: View<'a>,
    pub(crate) row: Row,
    pub(crate) key: String,
    /// The entity tag of the record, without the titles of what it points at.
    pub(crate) version: String,
}

impl<'a> Subject<'a> {
    /// Reads a record with the titles of what it points at.
    pub(crate) async fn read(
        engine: &'a Engine,
        ctx: &Context,
        model: &'a ModelMeta,
        key: &str,
    ) -> Result<Self, Error> {
        let view = View::of(engine, ctx, Verb::Read, model.id)?;
        let links = (0..model.fields.len()).filter_map(|f| view.link(f));
        let (mut expand, mut fields) = (Vec::new(), Vec::new());
        for link in links {
            expand.push(link.relation.name.clone());
            fields.extend(link.narrowed());
        }
        let parameters = [("expand", expand), ("fields", fields)];
        let parameters: Vec<(String, String)> = parameters
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(name, names)| (name.to_owned(), names.join(",")))
            .collect();
        let record = engine.read(ctx, model.id, key, &parameters).await?;
        let row = Row::parse(&record.body)?;
        let key = row::key(model, &row).unwrap_or_else(|| key.to_owned());
        let version = record.version();
        Ok(Self {
            view,
            row,
            key,
            version,
        })
    }

    /// The record's title.
    pub(crate) fn title(&self) -> String {
        row::title(self.view.model, &self.row)
    }
}

/// The fields that the caller may change in a form.
pub(crate) fn editable(
    model: &ModelMeta,
    scope: &Scope,
    purpose: Purpose,
    sees: impl Fn(FieldId) -> bool,
) -> Vec<FieldId> {
    let open = |&f: &FieldId| {
        let key = purpose == Purpose::Edit && model.key.contains(&f);
        model.fields[f].accepted() && !key && scope.writable[f].possible() && sees(f)
    };
    (0..model.fields.len()).filter(open).collect()
}

/// The fields of a form, as far as the caller may fill them: those of the record, and those of its child
/// rows.
pub(crate) struct Known<'a> {
    pub(crate) model: &'a ModelMeta,
    pub(crate) fields: Vec<FieldId>,
    pub(crate) families: Vec<Family<'a>>,
}

impl Known<'_> {
    /// Whether a form may hold the name.
    pub(crate) fn has(&self, name: &str) -> bool {
        match inline::sent::split(name) {
            Some((relation, _, member)) => {
                let mut families = self.families.iter();
                families.any(|f| f.relation.name == relation && f.knows(member))
            }
            None => self.names(name),
        }
    }

    /// Whether it is one of the record's own fields.
    pub(crate) fn names(&self, name: &str) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|&f| self.model.fields[f].name == name)
    }
}

/// The parameters of a page, each `known` and with a value that it may have.
fn parameters(call: &Call, known: impl Fn(&str, &str) -> bool) -> Result<Query, Error> {
    let query = Query(call.query()?);
    for (name, value) in &query.0 {
        if !known(name, value) {
            let detail = format!("There is no parameter {name:?} with this value here.");
            return Err(Error::parameter(name, "unknown_parameter", detail));
        }
    }
    Ok(query)
}
