//! `list` and `read`.

mod each;

use std::ops::Range;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sea_orm::QueryResult;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::model::{Input, ModelId, Verb};
use crate::query::cursor::digest;
use crate::query::sql::Compiler;
use crate::query::{CountMode, Expand, Filter, Mark, Position, Projected, Query, parse};

use super::count::Count;
use super::embed::{Embedded, need_links};
use super::layout::Layout;
use super::trash::Shelf;
use super::{Context, Engine};

/// What to list.
#[derive(Debug)]
pub enum ListRequest<'a> {
    /// The parameters of a query string, percent-decoded.
    Parameters(&'a [(String, String)]),
    /// The body of `_search`.
    Search(Input),
}

/// A page of records.
#[derive(Debug)]
pub struct Page {
    /// The whole answer, `{"data":[…],"page":{…}}`.
    pub body: Vec<u8>,
    /// Where in it the array of records is, brackets included.
    pub data: Range<usize>,
    /// Rows on a page.
    pub limit: u64,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Cursor of the page before.
    pub prev: Option<String>,
    /// How many rows match.
    pub count: Option<Count>,
}

/// One record.
#[derive(Debug)]
pub struct Record {
    /// The JSON object.
    pub body: Vec<u8>,
    /// Its strong entity tag, quotes included.
    pub etag: String,
    /// Where in the body the record's own fields end and the embedded records begin.
    fields: usize,
}

impl Record {
    /// The entity tag that `If-Match` is compared with: of the record without what is embedded. It
    /// is that of the whole record only if no parameter left a field out.
    #[must_use]
    pub fn version(&self) -> String {
        if self.fields + 1 == self.body.len() {
            return self.etag.clone();
        }
        let mut own = self.body[..self.fields].to_vec();
        own.push(b'}');
        etag(&own)
    }
}

/// A strong entity tag of a representation.
#[must_use]
pub fn entity_tag(representation: &[u8]) -> String {
    etag(representation)
}

pub(super) fn etag(representation: &[u8]) -> String {
    format!(
        "\"{}\"",
        BASE64.encode(&Sha256::digest(representation)[..18])
    )
}

impl Engine {
    /// Lists a page of a model's records.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 400 with every fault of the request.
    pub async fn list(
        &self,
        ctx: &Context,
        model: ModelId,
        request: ListRequest<'_>,
    ) -> Result<Page, Error> {
        let (rows, query) = self.parse_list(ctx, model, request)?;
        let filter = rows.and(query.filter.clone());
        let meta = self.registry.model(model);
        let mut layout = Layout::new(meta, &query.fields);
        let sort: Vec<usize> = query
            .sort
            .iter()
            .map(|k| layout.need(k.field, k.guard.as_ref()))
            .collect();
        let links = need_links(&mut layout, &query.expand);
        let select = Compiler::new(&self.registry, self.db.backend()).page(
            model,
            &query,
            &filter,
            &layout.columns,
        );
        let mut found = self.db.select(&select).await?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let backward = matches!(query.position, Position::Before(_));
        if backward {
            found.reverse();
        }
        let embedded = self.embed(&layout, &found, &query.expand, links).await?;
        let edge = |row: Option<&QueryResult>, forward| -> Result<Option<String>, Error> {
            let Some(row) = row else { return Ok(None) };
            let marks: Vec<Mark> = sort
                .iter()
                .map(|&c| layout.mark(row, c))
                .collect::<Result<_, _>>()?;
            let binding = digest(meta, &query.filter, &query.sort);
            Ok(Some(self.cursors.seal(&binding, forward, &marks)))
        };
        let has_next = if backward { !found.is_empty() } else { more };
        let has_prev = if backward {
            more
        } else {
            query.position != Position::Offset(0)
        };
        let next = edge(found.last().filter(|_| has_next), true)?;
        let prev = edge(found.first().filter(|_| has_prev), false)?;
        let count = match query.position {
            // The last page of a list that is read from its start counts itself.
            Position::Offset(n)
                if !more && query.count != CountMode::None && (n == 0 || !found.is_empty()) =>
            {
                Some(Count::exact(n + found.len() as u64))
            }
            _ => self.count(model, &filter, query.count).await?,
        };
        let mut page = Page {
            body: Vec::new(),
            data: 0..0,
            limit: query.limit,
            next,
            prev,
            count,
        };
        page.write(&layout, &found, &embedded)?;
        Ok(page)
    }

    /// Whether a list with these parameters is one that the caller may ask for: each name is there for
    /// them. Nothing is read.
    #[must_use]
    pub fn understands(
        &self,
        ctx: &Context,
        model: ModelId,
        parameters: &[(String, String)],
    ) -> bool {
        let request = ListRequest::Parameters(parameters);
        self.parse_list(ctx, model, request).is_ok()
    }

    pub(super) fn parse_list(
        &self,
        ctx: &Context,
        model: ModelId,
        request: ListRequest<'_>,
    ) -> Result<(Filter, Query), Error> {
        self.through_lens(ctx, (Verb::List, model), |paths, seen| {
            let (shelf, query) = match request {
                ListRequest::Parameters(parameters) => {
                    let (shelf, rest) = Shelf::of_parameters(seen.meta, parameters)?;
                    (shelf, parse::list(paths, model, &rest, &self.cursors)?)
                }
                ListRequest::Search(body) => {
                    let (shelf, rest) = Shelf::of_body(seen.meta, body)?;
                    (shelf, parse::search(paths, model, rest, &self.cursors)?)
                }
            };
            Ok((seen.rows(shelf)?, query))
        })
    }

    /// Reads one record. `parameters` may hold `fields` and `expand`.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 404 for a row it may not see; 400 for bad parameters.
    pub async fn read(
        &self,
        ctx: &Context,
        model: ModelId,
        key: &str,
        parameters: &[(String, String)],
    ) -> Result<Record, Error> {
        let (rows, fields, expand) = self.parse_read(ctx, model, parameters)?;
        let meta = self.registry.model(model);
        let key = meta.parse_key(key)?;
        let mut layout = Layout::new(meta, &fields);
        let links = need_links(&mut layout, &expand);
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let root = compiler.root(model);
        let mut select = compiler.select(&root, &layout.columns);
        select.and_where(compiler.by_key(&root, &key));
        if rows != Filter::All {
            select.and_where(compiler.condition(&root, &rows));
        }
        let found = self.db.select(&select).await?;
        let Some(row) = found.first() else {
            return Err(Error::not_found());
        };
        let embedded = self.embed(&layout, &found, &expand, links).await?;
        let mut body = Vec::with_capacity(512);
        let fields = layout.write(&mut body, row, &embedded)?;
        Ok(Record {
            etag: etag(&body),
            body,
            fields,
        })
    }

    fn parse_read(
        &self,
        ctx: &Context,
        model: ModelId,
        parameters: &[(String, String)],
    ) -> Result<(Filter, Vec<Projected>, Vec<Expand>), Error> {
        self.through_lens(ctx, (Verb::Read, model), |paths, seen| {
            let (shelf, rest) = Shelf::of_parameters(seen.meta, parameters)?;
            let (fields, expand) = parse::record(paths, model, &rest)?;
            Ok((seen.rows(shelf)?, fields, expand))
        })
    }
}

impl Page {
    /// The entity tag of the whole answer.
    #[must_use]
    pub fn etag(&self) -> String {
        etag(&self.body)
    }

    fn write(
        &mut self,
        layout: &Layout<'_>,
        rows: &[QueryResult],
        embedded: &[Embedded],
    ) -> Result<(), Error> {
        let mut out = Vec::with_capacity(256 + rows.len() * 320);
        out.extend_from_slice(b"{\"data\":");
        let start = out.len();
        out.push(b'[');
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            layout.write(&mut out, row, embedded)?;
        }
        out.push(b']');
        self.data = start..out.len();
        let page = serde_json::json!({
            "limit": self.limit,
            "next": self.next,
            "prev": self.prev,
            "count": self.count.map(|c| c.rows),
            "count_kind": self.count.map(|c| c.kind),
        });
        out.extend_from_slice(b",\"page\":");
        out.extend_from_slice(page.to_string().as_bytes());
        out.push(b'}');
        self.body = out;
        Ok(())
    }
}
