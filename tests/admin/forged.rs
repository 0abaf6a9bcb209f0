//! The pages around a list and around a record, for those who look for what is hidden: as they are led
//! to, and with parameters that no page of theirs would send.

use serde_json::{Value, json};

use super::page::escape;
use super::probes::seen_dates;
use super::stage::{Client, Probe, get, post};
use crate::api::sample::{World, text};

/// The pages around a list that show records or their number.
pub(super) fn around_list(world: &World<'_>, slug: &str) -> Vec<Probe> {
    let here = format!("/admin/{slug}");
    let mut all: Vec<Probe> = [
        "?_cells=1",
        "?_open=columns",
        "/_build",
        "/_build?_do=add",
        "/_chart",
        "/_chart?count=*",
        "/_export",
        "/_trash",
        "/_import",
        "/_many?_do=edit&_all=1",
        "/_many?_do=delete&_all=1",
        "/_many?_do=export&_all=1",
    ]
    .iter()
    .map(|at| get(format!("{here}{at}")))
    .collect();
    all.push(get("/admin/_changes"));
    all.push(get(format!("/admin/_changes?model={slug}")));
    all.push(get("/admin/_operations"));
    if slug == "book" {
        all.push(get(format!("{here}/_actions/discount?_all=1")));
    }
    for name in seen_dates(world, slug) {
        all.push(get(format!("{here}?_by={name}")));
        all.push(get(format!("{here}/_chart?bucket=year({name})&count=*")));
    }
    all
}

/// A cell of a record, in its place and alone.
pub(super) fn of_field(here: &str, path: &str, name: &str) -> [Probe; 3] {
    let key = path.strip_prefix(&format!("{here}/")).unwrap_or_default();
    [
        get(format!("{path}/_cell?field={name}")),
        get(format!("{here}?_edit={name}:{key}")),
        get(format!("{here}?_edit={name}:{key}&_words=a")),
    ]
}

/// Pages about one record, by its key and by what names it elsewhere.
pub(super) fn around_record(slug: &str, path: &str, name: &str) -> Vec<Probe> {
    let here = format!("/admin/{slug}");
    let key = path.strip_prefix(&format!("{here}/")).unwrap_or_default();
    let mut all: Vec<Probe> = of_field(&here, path, name).to_vec();
    let pages = [
        format!("{path}/history"),
        format!("{path}/revert?to=1"),
        format!("{path}/restore"),
        format!("{path}/purge"),
        format!("{here}?_selected={key}"),
        format!("{here}/_many?_do=edit&_key={key}"),
        format!("{here}/_many?_do=delete&_key={key}"),
        format!("{here}/_many?_do=export&_key={key}"),
        format!("{here}/new?_from={key}"),
    ];
    all.extend(pages.into_iter().map(get));
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let delete = [
        ("_do", "delete"),
        ("_selected", key),
        ("_step", "do"),
        ("_most", "1"),
    ];
    all.push(post(
        format!("{here}/_many"),
        delete.map(|(n, v)| field(n, v)).to_vec(),
    ));
    all.push(post(
        format!("{path}/_cell"),
        vec![field("_field", name), field(name, "1")],
    ));
    if slug == "book" {
        let at = format!("{here}/_actions/discount");
        all.push(get(format!("{at}?ids={key}")));
        let run = vec![field("ids", key), field("_run", "1"), field("percent", "5")];
        all.push(post(at, run));
    }
    all
}

/// Requests that name a field which is not there for the caller, where a page takes names of its own or
/// hands a list's conditions on.
pub(super) fn naming((slug, path): (&str, &str), name: &str, value: &str) -> Vec<Probe> {
    let here = format!("/admin/{slug}");
    let key = path.strip_prefix(&format!("{here}/")).unwrap_or_default();
    let condition = format!("{name}={}", escape(value));
    let rest = escape(&condition);
    let mut all = Vec::new();
    for at in ["/_chart", "/_build", "/_export", "/_filter", "/_deleted"] {
        all.push(get(format!("{here}{at}?{condition}")));
        all.push(get(format!("{here}{at}?_rest={rest}")));
    }
    let operand = escape(value);
    for query in [
        format!("?_by={name}"),
        format!("?by={name}"),
        format!("?_edit={name}:{key}"),
        format!("/_chart?group_by={name}&count=*"),
        format!("/_chart?bucket=year({name})&count=*"),
        format!("/_chart?sum={name}"),
        format!("/_plot?by=group_by%3D{name}&measure=sum%3D{name}"),
        format!("/_build?_field={name}"),
        format!("/_build?_do=add&_field={name}&_op=eq&_value={operand}"),
        format!("/_build?_at=0&_edit=1&_rest={rest}"),
        format!("/_export?fields={name}"),
        format!("/_trash?{condition}"),
    ] {
        all.push(get(format!("{here}{query}")));
    }
    for act in ["edit", "delete", "export", "keep", "action:discount"] {
        let of = format!("{here}/_many?_do={act}");
        all.push(get(format!("{of}&_all=1&_rest={rest}")));
    }
    all.push(get(format!(
        "{here}/_arrange?_show={name}&_sort={name}&_up={name}"
    )));
    all.push(get(format!("{here}/_arrange?_rest={rest}")));
    all.push(get(format!("{here}/_options?field={name}&q=a")));
    all.push(get(format!("{here}/_actions/discount?_all=1&_rest={rest}")));
    all.push(get(format!("{here}/new?{condition}")));
    all.push(get(format!("{here}/new?_draft={rest}")));
    all.push(get(format!("{path}?_draft={rest}")));
    all.push(get(format!("{path}?_list={rest}")));
    all.push(get(format!("{path}?_list=sort%3D{name}")));
    all.push(get(format!("{path}/_cell?field={name}")));
    all.push(get(format!("{path}/history?{condition}")));
    let field = |name: String, value: &str| (name, value.to_owned());
    let search = || field("_then".to_owned(), &format!("find.{name}"));
    let cell = || field("_field".to_owned(), name);
    all.push(post(path, vec![search()]));
    all.push(post(path, vec![field(format!("_pick.{name}"), value)]));
    all.push(post(
        format!("{path}/_cell"),
        vec![cell(), field(name.to_owned(), value)],
    ));
    all.push(post(format!("{path}/_cell"), vec![cell(), search()]));
    let edit = |more: Vec<(String, String)>| {
        let own = [("_do", "edit"), ("_selected", key)];
        let own = own.map(|(n, v)| field(n.to_owned(), v));
        post(
            format!("{here}/_many"),
            own.into_iter().chain(more).collect(),
        )
    };
    all.push(edit(vec![
        field(format!("set.{name}"), "1"),
        field(name.to_owned(), value),
    ]));
    all.push(edit(vec![search(), field(format!("_q.{name}"), "a")]));
    all
}

/// The answer to what names a hidden field is that to what names none: to the last byte, but the name.
pub(super) async fn are_alike(client: Client<'_>, name: &str, (known, unknown): (&Probe, &Probe)) {
    let (got, wanted) = (client.ask(known).await, client.ask(unknown).await);
    let bare = |text: &str| text.replace(&format!("zz_{name}"), name);
    assert_eq!(
        (got.status(), got.location()),
        (wanted.status(), bare(wanted.location()).as_str()),
        "{known:?}"
    );
    assert_eq!(got.reply.text, bare(&wanted.reply.text), "{known:?}");
}

/// Whether a page says one of these texts, in what it shows or in what it holds.
pub(super) async fn say_nothing(client: Client<'_>, probes: &[Probe], secrets: &[String]) {
    let mut shown = 0;
    for probe in probes {
        let page = client.ask(probe).await;
        shown += usize::from(page.status() == 200);
        let held = page.tags.iter().flat_map(|tag| {
            let values = tag.attributes.iter().map(|(_, value)| value);
            values.chain([&tag.text])
        });
        let held: Vec<&String> = held.filter(|text| !text.is_empty()).collect();
        for secret in secrets {
            let told = held.iter().any(|text| text.contains(secret.as_str()));
            assert!(!told, "{secret} in {probe:?}: {}", page.reply.text);
        }
    }
    assert!(shown > 0, "no page is shown: {probes:?}");
}

/// What all long texts of the samples begin with, those of one record with one number; and what the same
/// begin with in hidden fields.
const BEGINS: [&str; 2] = ["Nr ", "Xq "];

/// A value for a hidden field, which no other field has.
pub(super) fn marked(value: &Value) -> Value {
    let [plain, own] = BEGINS;
    let rest = value.as_str().and_then(|text| text.strip_prefix(plain));
    rest.map_or_else(|| value.clone(), |rest| json!(format!("{own}{rest}")))
}

/// What of the fields `names` is long enough to be found by chance nowhere else, and in no other field.
pub(super) fn secrets(record: &Value, names: &[String]) -> Vec<String> {
    let values = names.iter().map(|name| text(&record[name]));
    let long = values.filter(|value| value.len() > 9);
    long.filter(|value| !value.starts_with(BEGINS[0])).collect()
}
