//! Importing a file, step by step and without a script: `GET /admin/{model}/_import` asks for the
//! file, which is kept for an hour; [`map`] asks which column is which field, tries the whole file
//! and shows every fault; from there the import is begun as an operation, and undone by its change
//! set.

pub(crate) mod map;
mod wanted;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;

use crate::crud::{File, Import};
use crate::error::{Error, Kind};
use crate::http::{Call, answer};
use crate::model::{ModelMeta, Verb};
use crate::query::parse::Format;

use crate::admin::record;
use crate::admin::record::widget::Purpose;
use crate::admin::shell::Shell;
use crate::admin::value::count;
use crate::admin::view::View;
use crate::page::form::uploaded;
use crate::page::words::{t, told};
use crate::page::{self, filters};

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/import.html")]
struct ImportPage<'a> {
    shell: Shell,
    title: &'a str,
    action: String,
    problem: String,
    /// The fields that a file may have: the name, the label, whether each row needs it.
    fields: Vec<(&'a str, &'a str, bool)>,
    most: String,
}

/// `GET /admin/{model}/_import`
pub(crate) async fn page(call: Call) -> Result<Response, Error> {
    show(&call, StatusCode::OK, String::new())
}

/// `POST /admin/{model}/_import`: keeps the file, and goes on to its columns.
pub(crate) async fn take(mut call: Call) -> Result<Response, Error> {
    let engine = call.engine.clone();
    let model = engine.model(&call.param("model"))?;
    engine.scope(&call.ctx, Verb::Create, model.id)?;
    let sent = uploaded(&mut call).await?;
    let file = sent.into_iter().find(|part| part.name == "file");
    let Some((name, bytes)) = file
        .and_then(|part| Some((part.file?, part.bytes)))
        .filter(|(_, bytes)| !bytes.is_empty())
    else {
        let problem = t("Choose a file that is not empty.").to_owned();
        return show(&call, StatusCode::UNPROCESSABLE_ENTITY, problem);
    };
    let format = format(&name, &bytes);
    let kept = engine.keep_upload(&call.ctx, model.id, File { format, bytes });
    match kept.await {
        Ok(kept) => {
            let there = format!("/admin/{}/_import/{kept}", model.slug);
            Ok(answer::see_other(&there))
        }
        Err(error) if error.kind == Kind::Unavailable => {
            show(&call, StatusCode::SERVICE_UNAVAILABLE, told(&error.detail))
        }
        Err(error) => Err(error),
    }
}

/// What a file is: by the end of its name, and else by how it begins.
fn format(name: &str, bytes: &[u8]) -> Format {
    let end = name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase());
    match end.as_deref() {
        Some("csv") => Format::Csv,
        Some("ndjson" | "jsonl") => Format::Ndjson,
        Some("xlsx") => Format::Xlsx,
        _ if bytes.starts_with(b"PK") => Format::Xlsx,
        _ if bytes.trim_ascii_start().starts_with(b"{") => Format::Ndjson,
        _ => Format::Csv,
    }
}

fn show(call: &Call, status: StatusCode, problem: String) -> Result<Response, Error> {
    let (engine, ctx) = (&call.engine, &call.ctx);
    let model: &ModelMeta = engine.model(&call.param("model"))?;
    let view = View::of(engine, ctx, Verb::Create, model.id)?;
    let open = record::editable(model, &view.scope, Purpose::Create, |_| true);
    let fields = open.into_iter().map(|f| {
        let field = &model.fields[f];
        (field.name.as_str(), view.label(f), field.required())
    });
    page::render(
        status,
        &ImportPage {
            shell: Shell::of_model(engine, ctx, model)
                .here(t("Import"))
                .doing("POST", &format!("/api/v1/{}/_import", model.slug)),
            title: &model.label_plural,
            action: format!("/admin/{}/_import", model.slug),
            problem,
            fields: fields.collect(),
            most: count::words(Import::MOST as u64, "exact"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_or_its_beginning_says() {
        assert_eq!(format("a.CSV", b"PK"), Format::Csv);
        assert_eq!(format("a.jsonl", b""), Format::Ndjson);
        assert_eq!(format("a", b"PK\x03\x04"), Format::Xlsx);
        assert_eq!(format("a.txt", b" {\"a\":1}"), Format::Ndjson);
        assert_eq!(format("a.txt", b"a,b"), Format::Csv);
    }
}
