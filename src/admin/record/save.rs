//! What a form does when it is sent: create a record, or change the fields of one that the user
//! changed.

use poem::Response;

use crate::acl::Scope;
use crate::crud::Target;
use crate::error::{Error, Fault};
use crate::http::{Call, answer};
use crate::model::patch::{self, validate};
use crate::model::{FieldId, Input, ModelMeta, Verb};

use crate::admin::address;
use crate::admin::record::faults::mendable;
use crate::admin::record::form::{self, Sent};
use crate::admin::record::widget::Purpose;
use crate::admin::record::{self, Refused, Subject};
use crate::admin::view::View;
use crate::page::form::posted;

/// `POST /admin/{model}/new`
pub(crate) async fn create(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let view = View::of(&engine, &call.ctx, Verb::Create, model.id)?;
    let fields = record::editable(model, &view.scope, Purpose::Create, |f| view.sees(f));
    let sent = sent(&mut call, model, &fields).await?;
    let outcome = match members(model, &fields, &sent, Purpose::Create) {
        Ok(body) => engine.create(&call.ctx, model.id, body).await,
        Err(faulty) => Err(faulty.every_fault(model, patch::Purpose::Create, &view.scope)),
    };
    match outcome {
        Ok(_) if sent.then() == "another" => Ok(answer::see_other(&format!(
            "/admin/{}/new?saved=created",
            model.slug
        ))),
        Ok(written) if engine.may(&call.ctx, Verb::Read, model.id) => {
            let there = address::record(&model.slug, &written.key);
            Ok(answer::see_other(&format!("{there}?saved=created")))
        }
        // Who may not read it is not sent to it.
        Ok(_) => Ok(answer::see_other(&format!(
            "/admin/{}/new?saved=created",
            model.slug
        ))),
        Err(error) if mendable(&error) => {
            record::blank(&call, String::new(), Some(&Refused { sent, error }))
        }
        Err(error) => Err(error),
    }
}

/// `POST /admin/{model}/{id}`
pub(crate) async fn change(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    let view = View::of(&engine, &call.ctx, Verb::Read, model.id)?;
    let scope = engine.scope(&call.ctx, Verb::Patch, model.id)?;
    let fields = record::editable(model, &scope, Purpose::Edit, |f| view.sees(f));
    let sent = sent(&mut call, model, &fields).await?;
    let key = call.raw_param("id");
    let outcome = match members(model, &fields, &sent, Purpose::Edit) {
        Ok(body) => {
            let condition = &sent.condition()?;
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
            let subject = Subject::read(&engine, &call.ctx, model, key).await?;
            record::show(
                &call,
                &subject,
                String::new(),
                Some(&Refused { sent, error }),
            )
        }
        Err(error) => Err(error),
    }
}

async fn sent(call: &mut Call, model: &ModelMeta, fields: &[FieldId]) -> Result<Sent, Error> {
    let form = posted(call).await?;
    Sent::of(form, |name| {
        fields.iter().any(|&f| model.fields[f].name == name)
    })
}

/// A form with texts that are no JSON where JSON is wanted.
struct Faulty {
    good: Vec<(String, Input)>,
    faults: Vec<Fault>,
}

/// The body that the form stands for.
fn members(
    model: &ModelMeta,
    fields: &[FieldId],
    sent: &Sent,
    purpose: Purpose,
) -> Result<Input, Faulty> {
    let mut faulty = Faulty {
        good: Vec::new(),
        faults: Vec::new(),
    };
    for field in fields.iter().map(|&f| &model.fields[f]) {
        let state = sent.state(field);
        let left_out = match purpose {
            Purpose::Edit => !sent.holds(field) || !sent.changed(field),
            // What is left empty takes its default, or is reported as missing.
            Purpose::Create if field.required() || field.has_default => {
                state.as_deref().is_none_or(str::is_empty)
            }
            Purpose::Create => state.is_none(),
        };
        if left_out {
            continue;
        }
        match form::input(&field.kind, state) {
            Ok(input) => faulty.good.push((field.name.clone(), input)),
            Err(misfit) => {
                let detail = format!("{} {}", field.name, misfit.detail);
                faulty
                    .faults
                    .push(Fault::field(&field.name, misfit.code, detail));
            }
        }
    }
    if faulty.faults.is_empty() {
        Ok(Input::Object(faulty.good))
    } else {
        Err(faulty)
    }
}

impl Faulty {
    /// Everything that is wrong with the form, not only with its JSON: nothing is written, so the
    /// operation cannot say it.
    fn every_fault(mut self, model: &ModelMeta, purpose: patch::Purpose, scope: &Scope) -> Error {
        let named: Vec<Option<String>> = self.faults.iter().map(Fault::field_name).collect();
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
