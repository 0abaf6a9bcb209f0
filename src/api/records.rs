//! `/api/v1/{model}`, `/{id}` and `/_search`.

use poem::Response;
use poem::http::{StatusCode, header};

use crate::crud::{IfMatch, ListRequest, Page, Target, Written};
use crate::error::Error;
use crate::http::{Call, answer};
use crate::model::{ModelId, Verb};

use super::operations;

/// The model that the path names: 404 comes before any permission answer.
fn model(call: &Call) -> Result<ModelId, Error> {
    Ok(call.engine.model(&call.param("model"))?.id)
}

/// `GET /api/v1/{model}`
///
/// # Errors
/// See [`crate::crud::Engine::list`].
pub async fn list(call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::List, model)?;
    let parameters = call.query()?;
    let request = ListRequest::Parameters(&parameters);
    let page = call.engine.list(&call.ctx, model, request).await?;
    Ok(page_answer(&call, page, &parameters))
}

/// `POST /api/v1/{model}/_search`
///
/// # Errors
/// See [`crate::crud::Engine::list`].
pub async fn search(mut call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::List, model)?;
    no_parameters(&call)?;
    let body = call.json().await?;
    let page = call
        .engine
        .list(&call.ctx, model, ListRequest::Search(body))
        .await?;
    Ok(answer::json(StatusCode::OK, page.body))
}

/// `GET /api/v1/{model}/{id}`
///
/// # Errors
/// See [`crate::crud::Engine::read`].
pub async fn read(call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::Read, model)?;
    let parameters = call.query()?;
    let record = call
        .engine
        .read(&call.ctx, model, call.raw_param("id"), &parameters)
        .await?;
    Ok(answer::tagged(
        call.request.headers(),
        record.body,
        &record.etag,
    ))
}

/// `POST /api/v1/{model}`
///
/// # Errors
/// See [`crate::crud::Engine::create`].
pub async fn create(mut call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::Create, model)?;
    no_parameters(&call)?;
    let body = call.json().await?;
    let (engine, ctx) = (&call.engine, &call.ctx);
    let written = match idempotency_key(&call) {
        Some(key) => engine.create_once(ctx, model, (key, body)).await?,
        None => engine.create(ctx, model, body).await?,
    };
    if written.dry_run {
        return Ok(tried(written));
    }
    let again = written.again;
    let slug = &call.engine.registry().model(model).slug;
    let location = format!("/api/v1/{slug}/{}", written.key);
    let response = written_answer(&call, written, StatusCode::CREATED);
    let response = answer::with(response, header::LOCATION, &location);
    Ok(replayed(response, again))
}

/// Says of an answer that it is the one to an earlier request.
pub(super) fn replayed(response: Response, again: bool) -> Response {
    if again {
        let name = header::HeaderName::from_static("idempotency-replayed");
        return answer::with(response, name, "true");
    }
    response
}

/// `POST /api/v1/{model}/_bulk`
///
/// # Errors
/// See [`crate::crud::Engine::bulk`].
pub async fn bulk(mut call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.may_change(&call.ctx, model)?;
    no_parameters(&call)?;
    let body = call.large_json().await?;
    let key = idempotency_key(&call).map(ToOwned::to_owned);
    if call.prefers_later() {
        let begun = call.engine.bulk_later(&call.ctx, model, (key, body));
        return Ok(operations::begun(&begun.await?));
    }
    let request = (key.as_deref(), body);
    let written = call.engine.bulk(&call.ctx, model, request).await?;
    if written.dry_run {
        return Ok(tried(written));
    }
    let again = written.again;
    Ok(replayed(answer::json(StatusCode::OK, written.body), again))
}

/// `PUT /api/v1/{model}/{id}`
///
/// # Errors
/// See [`crate::crud::Engine::update`].
pub async fn replace(call: Call) -> Result<Response, Error> {
    update(call, Verb::Replace).await
}

/// `PATCH /api/v1/{model}/{id}`
///
/// # Errors
/// See [`crate::crud::Engine::update`].
pub async fn patch(call: Call) -> Result<Response, Error> {
    update(call, Verb::Patch).await
}

async fn update(mut call: Call, verb: Verb) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, verb, model)?;
    no_parameters(&call)?;
    let condition = if_match(&call)?;
    let body = call.json().await?;
    let target = Target {
        key: call.raw_param("id"),
        condition: &condition,
    };
    let written = call
        .engine
        .update(&call.ctx, (model, verb), target, body)
        .await?;
    if written.dry_run {
        return Ok(tried(written));
    }
    Ok(written_answer(&call, written, StatusCode::OK))
}

/// `DELETE /api/v1/{model}/{id}`
///
/// # Errors
/// See [`crate::crud::Engine::delete`].
pub async fn delete(call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::Delete, model)?;
    let purges = call.engine.registry().model(model).trash.is_some()
        && call.query()? == [("trash".to_owned(), "only".to_owned())];
    if !purges {
        no_parameters(&call)?;
    }
    let target = Target {
        key: call.raw_param("id"),
        condition: &if_match(&call)?,
    };
    let written = if purges {
        call.engine.purge(&call.ctx, model, target).await?
    } else {
        call.engine.delete(&call.ctx, model, target).await?
    };
    Ok(written.map_or_else(|| answer::empty(StatusCode::NO_CONTENT), tried))
}

/// The answer to a dry run.
pub(super) fn tried(written: Written) -> Response {
    let response = answer::json(StatusCode::OK, written.body);
    let name = header::HeaderName::from_static("preference-applied");
    answer::with(response, name, "dry-run")
}

/// `GET /api/v1/{model}/{id}/_history`
///
/// # Errors
/// See [`crate::crud::Engine::history`].
pub async fn history(call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::Read, model)?;
    let parameters = call.query()?;
    let (engine, key) = (&call.engine, call.raw_param("id"));
    let page = engine.history(&call.ctx, model, key, &parameters).await?;
    Ok(answer::json_value(StatusCode::OK, &page))
}

/// `POST /api/v1/{model}/{id}/_revert`
///
/// # Errors
/// See [`crate::crud::Engine::revert`].
pub async fn revert(mut call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::Patch, model)?;
    no_parameters(&call)?;
    let condition = if_match(&call)?;
    let body = call.json().await?;
    let target = Target {
        key: call.raw_param("id"),
        condition: &condition,
    };
    let request = (idempotency_key(&call), body);
    let written = call.engine.revert(&call.ctx, model, target, request);
    let written = written.await?;
    if written.dry_run {
        return Ok(tried(written));
    }
    let again = written.again;
    let response = written_answer(&call, written, StatusCode::OK);
    Ok(replayed(response, again))
}

/// `POST /api/v1/{model}/{id}/_restore`
///
/// # Errors
/// See [`crate::crud::Engine::restore`].
pub async fn restore(call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    call.engine.scope(&call.ctx, Verb::Delete, model)?;
    no_parameters(&call)?;
    let condition = if_match(&call)?;
    let target = Target {
        key: call.raw_param("id"),
        condition: &condition,
    };
    let written = call.engine.restore(&call.ctx, model, target).await?;
    if written.dry_run {
        return Ok(tried(written));
    }
    Ok(written_answer(&call, written, StatusCode::OK))
}

/// `POST /api/v1/{model}/_actions/{name}`
///
/// # Errors
/// See [`crate::crud::Engine::act`].
pub async fn act(mut call: Call) -> Result<Response, Error> {
    let model = model(&call)?;
    let name = call.param("name");
    call.engine.action(&call.ctx, model, &name)?;
    no_parameters(&call)?;
    let body = call.large_json().await?;
    let request = (idempotency_key(&call), body);
    let written = call.engine.act(&call.ctx, (model, &name), request).await?;
    let again = written.again;
    Ok(replayed(answer::json(StatusCode::OK, written.body), again))
}

/// `POST /api/v1/_undo`
///
/// # Errors
/// See [`crate::crud::Engine::undo`].
pub async fn undo(mut call: Call) -> Result<Response, Error> {
    no_parameters(&call)?;
    let body = call.json().await?;
    let key = idempotency_key(&call).map(ToOwned::to_owned);
    if call.prefers_later() {
        let begun = call.engine.undo_later(&call.ctx, (key, body));
        return Ok(operations::begun(&begun.await?));
    }
    let request = (key.as_deref(), body);
    let written = call.engine.undo(&call.ctx, request).await?;
    if written.dry_run {
        return Ok(tried(written));
    }
    let again = written.again;
    Ok(replayed(answer::json(StatusCode::OK, written.body), again))
}

/// The header's text; the quotes of a structured string (RFC 8941) are no part of the key.
pub(super) fn idempotency_key(call: &Call) -> Option<&str> {
    let mut all = call.request.headers().get_all("idempotency-key").iter();
    let first = all.next()?;
    // Of two keys neither is the key; what is not ASCII is refused as one that is empty.
    let key = match all.next() {
        None => first.to_str().unwrap_or_default(),
        Some(_) => "",
    };
    let inside = key.strip_prefix('"').and_then(|k| k.strip_suffix('"'));
    Some(inside.unwrap_or(key))
}

fn if_match(call: &Call) -> Result<IfMatch, Error> {
    let values = call.request.headers().get_all(header::IF_MATCH).iter();
    let texts: Result<Vec<&str>, _> = values.map(|v| v.to_str()).collect();
    // What is not even ASCII is no entity tag of ours.
    IfMatch::parse(texts.unwrap_or_else(|_| vec!["not text"]))
}

/// Nothing is ever ignored: an operation without parameters refuses them.
pub(super) fn no_parameters(call: &Call) -> Result<(), Error> {
    match call.query()?.first() {
        None => Ok(()),
        Some((name, _)) => {
            let detail = format!("There is no parameter {name:?} here.");
            Err(Error::parameter(name, "unknown_parameter", detail))
        }
    }
}

fn written_answer(call: &Call, written: Written, status: StatusCode) -> Response {
    let response = match (call.prefers_minimal(), status) {
        (false, status) => answer::json(status, written.body),
        (true, StatusCode::CREATED) => answer::empty(StatusCode::CREATED),
        (true, _) => answer::empty(StatusCode::NO_CONTENT),
    };
    answer::with(response, header::ETAG, &written.etag)
}

/// The page, with `Link` to its neighbours (RFC 8288).
fn page_answer(call: &Call, page: Page, parameters: &[(String, String)]) -> Response {
    let path = call.request.original_uri().path();
    let kept: Vec<String> = parameters
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "cursor" | "page" | "offset"))
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let link = |cursor: &str, rel: &str| {
        let mut query = kept.clone();
        query.push(format!("cursor={cursor}"));
        format!("<{path}?{}>; rel=\"{rel}\"", query.join("&"))
    };
    let links: Vec<String> = [(&page.next, "next"), (&page.prev, "prev")]
        .into_iter()
        .filter_map(|(cursor, rel)| cursor.as_deref().map(|c| link(c, rel)))
        .collect();
    let etag = page.etag();
    let response = answer::tagged(call.request.headers(), page.body, &etag);
    if links.is_empty() {
        return response;
    }
    answer::with(response, header::LINK, &links.join(", "))
}

fn encode(text: &str) -> percent_encoding::PercentEncode<'_> {
    crate::model::encode_key_part(text)
}
