//! Child rows in the form of their record: which of them a form shows, and how they stand in it, as
//! `{relation}.{number}.{field}`. What a form that came back asks for is in [`sent`].

pub(crate) mod sent;

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::acl::Scope;
use crate::admin::address::{self, Query};
use crate::admin::record::controls::{picker, zone_of};
use crate::admin::record::draft::Draft;
use crate::admin::record::form::{self, Part};
use crate::admin::record::widget::relation::Relation as Picker;
use crate::admin::record::widget::{Control, Purpose, Shape};
use crate::admin::record::{editable, pick};
use crate::admin::value::cell;
use crate::admin::value::row::{self, Row};
use crate::admin::view::View;
use crate::crud::{Context, Engine, ListRequest, entity_tag};
use crate::error::Error;
use crate::model::{FieldId, Inline, ModelMeta, Relation, Verb};

use self::sent::SentRow;

/// Most rows that are edited in one form; the others are in their list.
const SHOWN: usize = 50;

/// The rows of one relation.
#[derive(Debug)]
pub(crate) struct Block {
    /// The relation's name.
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) help: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Line>,
    /// The list of all of them, where there are more; else empty.
    pub(crate) more: String,
    /// Whether the caller may add rows.
    pub(crate) adds: bool,
    /// Whether any of the rows can be removed.
    pub(crate) deletes: bool,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Line {
    /// What its names begin with.
    pub(crate) prefix: String,
    /// The number that it had in the form that was sent.
    pub(crate) number: Option<usize>,
    /// Its key and its entity tag; empty for a new one.
    pub(crate) key: String,
    pub(crate) version: String,
    /// Where it is by itself; empty when the caller may not open it.
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) controls: Vec<Control>,
    /// Whether the user marked it to be removed.
    pub(crate) deleted: bool,
    /// What is wrong with the row as a whole.
    pub(crate) faults: Vec<String>,
}

/// Child rows as one caller sees them.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    pub(crate) inline: &'a Inline,
    pub(crate) relation: &'a Relation,
    pub(crate) view: View<'a>,
    create: Option<Arc<Scope>>,
    patch: Option<Arc<Scope>>,
    delete: bool,
}

/// The inline relations that exist for the caller.
pub(crate) fn families<'a>(
    engine: &'a Engine,
    ctx: &Context,
    model: &'a ModelMeta,
) -> Result<Vec<Family<'a>>, Error> {
    let listed = |inline: &&Inline| {
        let target = model.relations[inline.relation].target;
        engine.may(ctx, Verb::List, target)
    };
    let inlines = model.inlines.iter().filter(listed);
    inlines
        .map(|inline| {
            let relation = &model.relations[inline.relation];
            let may = |verb| engine.may(ctx, verb, relation.target);
            let scope = |verb| may(verb).then(|| engine.scope(ctx, verb, relation.target));
            Ok(Family {
                inline,
                relation,
                view: View::of(engine, ctx, Verb::List, relation.target)?,
                create: scope(Verb::Create).transpose()?,
                patch: scope(Verb::Patch).transpose()?,
                delete: may(Verb::Delete),
            })
        })
        .collect()
}

impl Family<'_> {
    /// The fields of a form for a new row, or for one that is there.
    pub(crate) fn editable(&self, purpose: Purpose) -> Vec<FieldId> {
        let scope = match purpose {
            Purpose::Create => &self.create,
            Purpose::Edit => &self.patch,
        };
        let Some(scope) = scope else {
            return Vec::new();
        };
        let open = editable(self.view.model, scope, purpose, |f| self.view.sees(f));
        let columns = self.inline.fields.iter().copied();
        columns.filter(|f| open.contains(f)).collect()
    }

    /// Whether a form may hold this member of a row.
    pub(crate) fn knows(&self, member: &str) -> bool {
        let named = |&f: &FieldId| self.view.model.fields[f].name == member;
        matches!(member, "_key" | "_if_match" | "_delete") || self.inline.fields.iter().any(named)
    }

    fn columns(&self) -> Vec<FieldId> {
        let open = self.editable(Purpose::Create);
        let fields = self.inline.fields.iter().copied();
        fields
            .filter(|f| self.view.sees(*f) || open.contains(f))
            .collect()
    }
}

/// A form with child rows, as far as it is known when they are laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) ctx: &'a Context,
    pub(crate) draft: Option<&'a Draft>,
}

/// The rows of a relation in the form of `parent`, or of a new record.
pub(crate) async fn block(
    of: Of<'_>,
    family: &Family<'_>,
    parent: Option<&Row>,
    owner: &ModelMeta,
) -> Result<Block, Error> {
    let relation = family.relation;
    let mut block = Block {
        name: relation.name.clone(),
        label: family.view.model.label_plural.clone(),
        help: family.inline.help.clone(),
        columns: Vec::new(),
        rows: Vec::new(),
        more: String::new(),
        adds: family.create.is_some(),
        deletes: family.delete,
    };
    let columns = family.columns();
    let labels = columns.iter().map(|&f| family.view.label(f).to_owned());
    block.columns = labels.collect();
    let sent = match of.draft {
        Some(draft) => sent::rows(&draft.sent, relation),
        None => Vec::new(),
    };
    if let Some(parent) = parent {
        let stored = stored(of, family, parent, owner).await?;
        block.more = stored.more;
        for found in stored.rows {
            let sent = sent.iter().find(|s| s.key.as_deref() == Some(&found.key));
            let at = block.rows.len();
            let line = line(of, family, (at, sent), &columns, Some(&found)).await?;
            block.rows.push(line);
        }
    }
    if block.adds {
        let asked = of.draft.map(|d| d.sent.then().to_owned());
        let one_more = asked == Some(format!("add.{}", relation.name));
        let new: Vec<&SentRow> = sent.iter().filter(|s| s.key.is_none()).collect();
        let blank = match of.draft {
            None => family.inline.extra,
            Some(_) => usize::from(one_more || new.is_empty() && family.inline.extra > 0),
        };
        let blank = std::iter::repeat_n(None, blank);
        // A page that only appends the blank row has the others under the numbers that it sent.
        let sent_last = sent.last().map_or(0, |s| s.number + 1);
        for sent in new.into_iter().map(Some).chain(blank) {
            let at = match sent {
                Some(_) => block.rows.len(),
                None => block.rows.len().max(sent_last),
            };
            let line = line(of, family, (at, sent), &columns, None).await?;
            block.rows.push(line);
        }
    }
    Ok(block)
}

/// A row as it is stored.
struct Stored {
    row: Row,
    key: String,
    version: String,
    /// The same row with what it points at.
    titles: Row,
}

struct Page {
    rows: Vec<Stored>,
    more: String,
}

/// The rows of the record, as the API lists them.
async fn stored(
    of: Of<'_>,
    family: &Family<'_>,
    parent: &Row,
    owner: &ModelMeta,
) -> Result<Page, Error> {
    let model = family.view.model;
    let mut filter = Vec::new();
    for (&own, &far) in family.relation.from.iter().zip(&family.relation.to) {
        let Some(value) = parent.text(&owner.fields[own].name) else {
            let rows = Vec::new();
            let more = String::new();
            return Ok(Page { rows, more });
        };
        filter.push((format!("{}__eq", model.fields[far].name), value));
    }
    let more = Query(filter.clone()).list(&model.slug);
    let keys = model.key.iter().map(|&f| model.fields[f].name.clone());
    let keys: Vec<String> = keys.collect();
    filter.push(("limit".into(), SHOWN.to_string()));
    filter.push(("count".into(), "none".into()));
    filter.push(("sort".into(), keys.join(",")));
    let list = async |parameters: Vec<(String, String)>| {
        let request = ListRequest::Parameters(&parameters);
        of.engine.list(of.ctx, model.id, request).await
    };
    let page = list(filter.clone()).await?;
    let bodies: Vec<Box<RawValue>> =
        serde_json::from_slice(&page.body[page.data.clone()]).map_err(Error::internal)?;
    let links: Vec<_> = family
        .columns()
        .iter()
        .filter_map(|&f| family.view.link(f))
        .collect();
    let titles = if links.is_empty() {
        Vec::new()
    } else {
        let narrowed = links.iter().flat_map(|l| l.narrowed());
        let fields: Vec<String> = keys.into_iter().chain(narrowed).collect();
        let names: Vec<&str> = links.iter().map(|l| l.relation.name.as_str()).collect();
        filter.push(("fields".into(), fields.join(",")));
        filter.push(("expand".into(), names.join(",")));
        let page = list(filter).await?;
        Row::page(&page.body[page.data.clone()])?
    };
    let mut titles = titles.into_iter();
    let mut rows = Vec::new();
    for body in bodies {
        let row = Row::parse(body.get().as_bytes())?;
        let key = row::key(model, &row).unwrap_or_default();
        let version = version(of, family, &key, body.get()).await?;
        rows.push(Stored {
            row,
            key,
            version,
            titles: titles.next().unwrap_or_default(),
        });
    }
    Ok(Page {
        rows,
        more: page.next.map_or_else(String::new, |_| more),
    })
}

/// The entity tag of a row. A list shows what a read shows where both verbs have one scope.
async fn version(of: Of<'_>, family: &Family<'_>, key: &str, body: &str) -> Result<String, Error> {
    let (engine, ctx, model) = (of.engine, of.ctx, family.view.model.id);
    let Ok(read) = engine.scope(ctx, Verb::Read, model) else {
        return Ok(String::new());
    };
    if *read == *family.view.scope {
        return Ok(entity_tag(body.as_bytes()));
    }
    let record = engine.read(ctx, model, key, &[]).await;
    Ok(record.map_or_else(|_| String::new(), |r| r.version()))
}

async fn line(
    of: Of<'_>,
    family: &Family<'_>,
    (at, sent): (usize, Option<&SentRow>),
    columns: &[FieldId],
    stored: Option<&Stored>,
) -> Result<Line, Error> {
    let model = family.view.model;
    let prefix = format!("{}.{at}.", family.relation.name);
    let sent_prefix = sent.map_or_else(String::new, |s| s.prefix(family.relation));
    let part = sent
        .zip(of.draft)
        .map(|(_, draft)| draft.sent.part(&sent_prefix));
    let purpose = match stored {
        Some(_) => Purpose::Edit,
        None => Purpose::Create,
    };
    let open = family.editable(purpose);
    let mut controls = Vec::new();
    for &f in columns {
        let names = (prefix.as_str(), sent_prefix.as_str());
        let place = (f, open.contains(&f), purpose);
        controls.push(control(of, family, place, names, (part, stored)).await?);
    }
    let opens = of.engine.may(of.ctx, Verb::Read, model.id);
    let key = stored.map_or("", |s| &s.key);
    Ok(Line {
        number: sent.map(|s| s.number),
        key: key.to_owned(),
        version: stored.map_or_else(String::new, |s| s.version.clone()),
        href: stored
            .filter(|_| opens)
            .map_or_else(String::new, |s| address::record(&model.slug, &s.key)),
        title: stored.map_or_else(String::new, |s| row::title(model, &s.row)),
        controls,
        deleted: part.is_some_and(|part| part.member("_delete").is_some()),
        faults: Vec::new(),
        prefix,
    })
}

async fn control(
    of: Of<'_>,
    family: &Family<'_>,
    (id, open, purpose): (FieldId, bool, Purpose),
    (prefix, sent_prefix): (&str, &str),
    (part, stored): (Option<Part<'_>>, Option<&Stored>),
) -> Result<Control, Error> {
    let view = &family.view;
    let field = &view.model.fields[id];
    let text = stored.and_then(|s| s.row.text(&field.name));
    let link = view.link(id);
    let target = link.zip(stored).and_then(|(link, stored)| {
        let found = stored.titles.one(&link.relation.name)?;
        Some(cell::of_target(link, &found))
    });
    let label = view.label(id).to_owned();
    if !open {
        let value = match (target, stored) {
            (Some(target), _) => target,
            (None, Some(stored)) => cell::whole(field, &stored.row),
            (None, None) => cell::Cell::null(),
        };
        let fixed = Control::fixed(field, value);
        return Ok(Control {
            label,
            ..fixed.in_row(prefix)
        });
    }
    let zone = zone_of(of.draft);
    let shown = stored.and_then(|_| form::shown(field, text.as_deref(), zone));
    let sent = part.filter(|part| part.holds(field));
    let state = sent.map_or_else(|| shown.clone(), |part| part.state(field));
    let mut control = Control {
        label,
        // An empty row is no row: nothing in it is demanded.
        required: false,
        ..Control::editable(field, purpose, &state, &shown, zone).in_row(prefix)
    };
    if let Some(was) = sent.as_ref().and_then(|part| part.was(field)) {
        was.clone_into(&mut control.was);
    }
    if let Some(link) = link {
        let key = state.as_deref().unwrap_or_default();
        let target = match target.filter(|_| state == shown) {
            Some(target) => Some(target),
            None => pick::target(of.engine, of.ctx, link, key).await?,
        };
        let name = format!("{sent_prefix}{}", field.name);
        let owner = (view.model, id, name);
        let picker = picker(of.engine, of.ctx, link, owner, of.draft);
        control.shape = Shape::Relation(Box::new(Picker { target, ..picker }));
    }
    Ok(control)
}
