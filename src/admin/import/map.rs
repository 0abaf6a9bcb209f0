//! Which column is which field, whether the file is in order, and the import itself:
//! `/admin/{model}/_import/{file}`. The address holds every choice, so that nothing is lost on the
//! way, and the file need not be sent again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use serde_json::Value as Json;

use crate::crud::{Import, Peek};
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::{FieldId, Verb};

use crate::admin::address::Query;
use crate::admin::import::wanted::{self, Wanted};
use crate::admin::operations;
use crate::admin::operations::outcome::Outcome;
use crate::admin::record;
use crate::admin::record::widget::Purpose;
use crate::admin::shell::Shell;
use crate::admin::trial;
use crate::admin::view::View;
use crate::page::form::posted;
use crate::page::words::t;
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/import-map.html")]
struct MapPage<'a> {
    shell: Shell,
    title: &'a str,
    action: String,
    again: String,
    rows: usize,
    columns: Vec<Column>,
    /// What a column may be: the field, its words.
    fields: Vec<(String, String)>,
    upserts: bool,
    /// By what records are found that are there already: the field, its words, whether chosen.
    unique: Vec<(String, String, bool)>,
    keeps: bool,
    may_keep: bool,
    may_upsert: bool,
    lots: bool,
    /// What the dry run said; `None` before it.
    tried: Option<Outcome>,
    /// What the form that begins the import carries.
    carried: Vec<(String, String)>,
}

/// A column of the file.
#[derive(Debug)]
struct Column {
    name: String,
    /// The control that says what it is.
    control: String,
    field: String,
    samples: String,
}

/// `GET /admin/{model}/_import/{file}`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    let query = Query(call.query()?);
    let checks = query.get("check").is_some();
    show(&call, &query, checks).await
}

/// `POST /admin/{model}/_import/{file}`: begins the import.
pub(crate) async fn begin(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::Create, model.id)?;
    let form = Query(posted(&mut call).await?);
    let name = call.param("id");
    let (peek, wanted) = look(&call, &form).await?;
    let parameters = wanted.parameters(&peek);
    let file = engine.upload(&call.ctx, model.id, &name).await?;
    // Pressed twice, it happens once.
    let mut hasher = DefaultHasher::new();
    parameters.hash(&mut hasher);
    let import = Import {
        file,
        key: Some(format!("{name}-{:016x}", hasher.finish())),
        parameters,
        most: Import::MOST,
    };
    let begun = engine.import_later(&call.ctx, model.id, import).await?;
    Ok(answer::see_other(&operations::address(&begun)))
}

/// The file, and what is wanted of it.
async fn look(call: &Call, query: &Query) -> Result<(Peek, Wanted), Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::Create, model.id)?;
    let open = wanted::open(&view, fields(&view, query.get("keys") == Some("keep")));
    let file = engine.upload(ctx, model.id, &call.param("id")).await?;
    let peek = Peek::into(file).await?;
    let wanted = Wanted::read(query, &peek, &open, model);
    Ok((peek, wanted))
}

/// The fields that a column may be.
fn fields(view: &View<'_>, keeps: bool) -> Vec<FieldId> {
    let model = view.model;
    if keeps {
        let kept = |&f: &FieldId| view.sees(f) && view.scope.writable[f].possible();
        return (0..model.fields.len()).filter(kept).collect();
    }
    record::editable(model, &view.scope, Purpose::Create, |_| true)
}

async fn show(call: &Call, query: &Query, checks: bool) -> Result<Response, Error> {
    let (engine, ctx, name) = (&call.engine, &call.ctx, call.param("id"));
    let model = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::Create, model.id)?;
    let (peek, wanted) = look(call, query).await?;
    let tried = match checks {
        true => Some(tried(call, &peek, &wanted).await?),
        false => None,
    };
    let keeps = wanted.choice("keys") == "keep";
    let open = wanted::open(&view, fields(&view, keeps));
    let columns = peek.columns.iter().zip(&wanted.fields).enumerate();
    let columns = columns.map(|(i, ((name, samples), field))| Column {
        name: name.clone(),
        control: format!("c{i}"),
        field: field.clone(),
        samples: samples.join(" · "),
    });
    let on = wanted.choice("on");
    let unique = (0..model.fields.len())
        .filter(|&f| view.sees(f) && (model.fields[f].unique || model.key[..] == [f]))
        .map(|f| {
            let name = model.fields[f].name.clone();
            (name.clone(), view.label(f).to_owned(), name == on)
        });
    let own = format!("/admin/{}/_import/{name}", model.slug);
    let asked = Query(wanted.parameters(&peek));
    page::render(
        StatusCode::OK,
        &MapPage {
            shell: Shell::of_model(engine, ctx, model)
                .through(t("Import"), format!("/admin/{}/_import", model.slug))
                .here(t("Columns"))
                .doing(
                    "POST",
                    &format!("/api/v1/{}/_import?{}", model.slug, asked.text()),
                ),
            title: &model.label_plural,
            again: format!("/admin/{}/_import", model.slug),
            action: own,
            rows: peek.rows,
            columns: columns.collect(),
            fields: open
                .into_iter()
                .map(|(f, label)| (model.fields[f].name.clone(), label))
                .collect(),
            upserts: wanted.choice("mode") == "upsert",
            unique: unique.collect(),
            keeps,
            may_keep: view.scope.is_unruled(),
            may_upsert: engine.may(ctx, Verb::Patch, model.id) && !model.if_match,
            lots: wanted.choice("atomic") == "false",
            tried,
            carried: wanted.fields_of_form(),
        },
    )
}

/// What a dry run says of the whole file.
async fn tried(call: &Call, peek: &Peek, wanted: &Wanted) -> Result<Outcome, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model = engine.model(&call.param("model"))?;
    let import = Import {
        file: engine.upload(ctx, model.id, &call.param("id")).await?,
        parameters: wanted.parameters(peek),
        key: None,
        most: Import::MOST,
    };
    match engine.import(&trial::of(ctx), model.id, import).await {
        Ok(written) => {
            let told: Json = serde_json::from_slice(&written.body).map_err(Error::internal)?;
            Ok(Outcome::of(&told))
        }
        // What is wrong with the columns or the choices is said where they are made.
        Err(error) if matches!(error.kind, Kind::Invalid | Kind::Malformed) => {
            Ok(Outcome::of(&error.problem(&ctx.request_id)))
        }
        Err(error) => Err(error),
    }
}
