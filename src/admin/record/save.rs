//! What a form does when it is sent: create a record, or change the fields of one that the user
//! changed.

use poem::Response;

use crate::acl::Scope;
use crate::admin::address;
use crate::admin::record::draft::{self, Draft, Errand};
use crate::admin::record::faults::mendable;
use crate::admin::record::form::{self, Sent};
use crate::admin::record::widget::Purpose;
use crate::admin::record::widget::relation::Found;
use crate::admin::record::{self, Known, Subject, blank, inline, page, pick};
use crate::admin::value::row::Row;
use crate::admin::view::{Link, View};
use crate::crud::{Context, Engine, Target, Written};
use crate::error::{Error, Fault};
use crate::http::{Call, answer};
use crate::model::patch::{self, validate};
use crate::model::{FieldId, Input, ModelMeta, Verb};
use crate::page::words::t;

/// `POST /admin/{model}/new`
pub(crate) async fn create(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let view = View::of(&engine, &call.ctx, Verb::Create, model.id)?;
    let known = Known {
        model,
        fields: record::editable(model, &view.scope, Purpose::Create, |f| view.sees(f)),
        families: inline::families(&engine, &call.ctx, model)?,
    };
    let sent = sent(&mut call, &known).await?;
    let errand = Errand::of(sent.own("_next"), sent.own("_into"));
    let sent = match asked(&engine, &call.ctx, (&view, None), (&known, sent)).await? {
        Asked::Save(sent) => sent,
        Asked::Away(to) => return Ok(answer::see_other(&to)),
        Asked::Again(draft) => {
            return blank::blank(&call, (String::new(), errand), Some(&draft)).await;
        }
    };
    let (body, places) = whole(&known, &sent, Purpose::Create);
    let outcome = match body {
        Ok(body) => engine.create(&call.ctx, model.id, body).await,
        Err(faulty) => Err(faulty.every_fault(model, patch::Purpose::Create, &view.scope)),
    };
    match outcome {
        Ok(written) => {
            let to = created(&engine, &call.ctx, model, (&sent, &errand, &written))?;
            Ok(answer::see_other(&to))
        }
        Err(error) if mendable(&error) => {
            let draft = Draft {
                places,
                ..Draft::refused(sent, error)
            };
            blank::blank(&call, (String::new(), errand), Some(&draft)).await
        }
        Err(error) => Err(error),
    }
}

/// Where one goes who has created a record.
fn created(
    engine: &Engine,
    ctx: &Context,
    model: &ModelMeta,
    (sent, errand, written): (&Sent, &Errand, &Written),
) -> Result<String, Error> {
    if !errand.next.is_empty() {
        return Ok(errand.end(&Row::parse(&written.body)?));
    }
    // Who may not read it is not sent to it.
    if sent.then() == "another" || !engine.may(ctx, Verb::Read, model.id) {
        return Ok(format!("/admin/{}/new?saved=created", model.slug));
    }
    let there = address::record(&model.slug, &written.key);
    Ok(format!("{there}?saved=created"))
}

/// `POST /admin/{model}/{id}`
pub(crate) async fn change(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let view = View::of(&engine, &call.ctx, Verb::Read, model.id)?;
    let scope = engine.scope(&call.ctx, Verb::Patch, model.id)?;
    let known = Known {
        model,
        fields: record::editable(model, &scope, Purpose::Edit, |f| view.sees(f)),
        families: inline::families(&engine, &call.ctx, model)?,
    };
    let sent = sent(&mut call, &known).await?;
    let key = call.raw_param("id").to_owned();
    let sent = match asked(&engine, &call.ctx, (&view, Some(&key)), (&known, sent)).await? {
        Asked::Save(sent) => sent,
        Asked::Away(to) => return Ok(answer::see_other(&to)),
        Asked::Again(draft) => return again(&call, model, &key, &draft).await,
    };
    let (body, places) = whole(&known, &sent, Purpose::Edit);
    let outcome = match body {
        Ok(body) => {
            let condition = &sent.condition()?;
            let key = key.as_str();
            let target = Target { key, condition };
            engine
                .update(&call.ctx, (model.id, Verb::Patch), target, body)
                .await
        }
        Err(faulty) => Err(faulty.every_fault(model, patch::Purpose::Patch, &scope)),
    };
    match outcome {
        Ok(written) => {
            let there = address::record(&model.slug, &written.key);
            Ok(answer::see_other(&format!("{there}?saved=changed")))
        }
        Err(error) if mendable(&error) => {
            let draft = Draft {
                places,
                ..Draft::refused(sent, error)
            };
            again(&call, model, &key, &draft).await
        }
        Err(error) => Err(error),
    }
}

/// The form of a record once more, as it was sent.
async fn again(
    call: &Call,
    model: &ModelMeta,
    key: &str,
    draft: &Draft,
) -> Result<Response, Error> {
    let subject = Subject::read(&call.engine, &call.ctx, model, key).await?;
    page::show(call, &subject, (String::new(), None), Some(draft)).await
}

/// What the button of a form asks for.
enum Asked {
    /// To be saved.
    Save(Sent),
    /// Another page.
    Away(String),
    /// The same form, with what a search found or why it cannot be left.
    Again(Box<Draft>),
}

/// `find.{field}` searches records for a foreign key; `create.{field}` goes to make a new one, and
/// comes back with it.
async fn asked(
    engine: &Engine,
    ctx: &Context,
    (view, key): (&View<'_>, Option<&str>),
    (known, sent): (&Known<'_>, Sent),
) -> Result<Asked, Error> {
    let then = sent.then().to_owned();
    let Some((what, name)) = then.split_once('.') else {
        return Ok(Asked::Save(sent));
    };
    if what == "add" {
        return Ok(Asked::Again(Draft::of(sent).into()));
    }
    let link = link_of(view, known, name)?;
    if what == "find" {
        let words = sent.own(&format!("_q.{name}")).unwrap_or_default();
        let found = pick::search(engine, ctx, link, words).await?;
        let found: Option<(String, Found)> = Some((name.to_owned(), found));
        return Ok(Asked::Again(Box::new(Draft {
            found,
            ..Draft::of(sent)
        })));
    }
    let model = view.model;
    let secret = |name: &str| {
        model
            .field(name)
            .is_some_and(|f| !draft::tells(&model.fields[f]))
    };
    let carried = sent.draft(secret);
    let far = pick::far(link).map_or("", |f| &link.target.fields[f].name);
    let path = draft::address_of(&model.slug, key);
    match Errand::begin(&path, &carried, (&link.target.slug, name, far)) {
        Some(to) => Ok(Asked::Away(to)),
        None => {
            let detail = t("This form is too long to be taken along: save it first.");
            let fault = Fault::field(name, "too_long", detail);
            let draft = Draft::refused(sent, Error::invalid(vec![fault]));
            Ok(Asked::Again(draft.into()))
        }
    }
}

/// The foreign key of that name in a form: of the record, or of one of its child rows.
fn link_of<'v>(
    view: &'v View<'_>,
    known: &'v Known<'_>,
    name: &str,
) -> Result<&'v Link<'v>, Error> {
    let of = |view: &'v View<'_>, name: &str| view.link(view.model.field(name)?);
    let link = match inline::sent::split(name) {
        None => of(view, name),
        Some((relation, _, member)) => {
            let family = known.families.iter().find(|f| f.relation.name == relation);
            family.and_then(|family| of(&family.view, member))
        }
    };
    link.ok_or_else(|| {
        let detail = format!("There is no foreign key {name} in this form.");
        Error::parameter("_then", "unknown_field", detail)
    })
}

async fn sent(call: &mut Call, known: &Known<'_>) -> Result<Sent, Error> {
    let form = form::files::fields(call).await?;
    Sent::of(form, |name| known.has(name))
}

/// Which rows of a form the rows of a body are, by relation.
type Places = Vec<(String, Vec<usize>)>;

/// The body that a form stands for, child rows and all.
fn whole(known: &Known<'_>, sent: &Sent, purpose: Purpose) -> (Result<Input, Faulty>, Places) {
    let mut faulty = members(known.model, &known.fields, sent, purpose);
    let mut places = Places::new();
    for family in &known.families {
        let asked = inline::sent::body(sent, family);
        let name = &family.relation.name;
        faulty.faults.extend(asked.faults);
        if !asked.rows.is_empty() {
            faulty.good.push((name.clone(), Input::Array(asked.rows)));
        }
        places.push((name.clone(), asked.places));
    }
    if faulty.faults.is_empty() {
        (Ok(Input::Object(faulty.good)), places)
    } else {
        (Err(faulty), places)
    }
}

/// A form with texts that are no JSON where JSON is wanted.
struct Faulty {
    good: Vec<(String, Input)>,
    faults: Vec<Fault>,
}

/// The record's own members.
fn members(model: &ModelMeta, fields: &[FieldId], sent: &Sent, purpose: Purpose) -> Faulty {
    let mut faulty = Faulty {
        good: Vec::new(),
        faults: Vec::new(),
    };
    let part = sent.record();
    for field in fields.iter().map(|&f| &model.fields[f]) {
        let state = part.state(field);
        let left_out = match purpose {
            Purpose::Edit => !part.holds(field) || !part.changed(field),
            // What is left empty takes its default, or is reported as missing.
            Purpose::Create if field.required() || field.has_default => {
                state.as_deref().is_none_or(str::is_empty)
            }
            Purpose::Create => state.is_none(),
        };
        if left_out {
            continue;
        }
        match form::input(&field.kind, state, sent.zone()) {
            Ok(input) => faulty.good.push((field.name.clone(), input)),
            Err(misfit) => faulty.faults.push(misfit.of(&field.name)),
        }
    }
    faulty
}

impl Faulty {
    /// Everything that is wrong with the form, not only with its JSON: nothing is written, so the
    /// operation cannot say it.
    fn every_fault(mut self, model: &ModelMeta, purpose: patch::Purpose, scope: &Scope) -> Error {
        let named: Vec<Option<String>> = self.faults.iter().map(Fault::field_name).collect();
        let child = |name: &str| model.relation(name).is_some();
        self.good.retain(|(name, _)| !child(name));
        if let Err(more) = validate(model, Input::Object(self.good), purpose, scope) {
            let others = more
                .faults
                .into_iter()
                .filter(|f| !named.contains(&f.field_name()));
            self.faults.extend(others);
        }
        Error::invalid(self.faults)
    }
}
