//! Random requests of `_aggregate` that mean something.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use quarterdeck::model::{Kind, value};
use quarterdeck::query::aggregate::{Function, Unit};
use quarterdeck::query::parse;

use crate::query::world::{THING, World, pool};

pub(super) type Parameters = Vec<(String, String)>;

/// A member that has no order that is the same everywhere: a sum of floating point numbers.
pub(super) fn is_rough(function: Function, kind: Option<&Kind>) -> bool {
    let float = matches!(kind, Some(Kind::Float | Kind::Double));
    float && matches!(function, Function::Sum | Function::Avg)
}

/// Names that can be given for each parameter, and texts to compare a measure with.
fn measures(world: &World) -> Vec<(Function, String, Vec<String>)> {
    let mut all = vec![(Function::Count, "*".to_owned(), vec!["3".to_owned()])];
    for field in &world.meta(THING).fields {
        for function in Function::ALL.into_iter().filter(|f| f.takes(field)) {
            let compared = function.compared(Some(&field.kind));
            let texts: Vec<String> =
                match compared.filter(|_| !is_rough(function, Some(&field.kind))) {
                    None => Vec::new(),
                    Some(Kind::Int(_)) => ["0", "1", "4", "20"].map(ToOwned::to_owned).into(),
                    Some(Kind::Decimal(_)) => [
                        "-3",
                        "0",
                        "99.995",
                        "2.5",
                        "1234567990.11",
                        "2469135780.24",
                        "-2147483648",
                    ]
                    .map(ToOwned::to_owned)
                    .into(),
                    Some(kind) => pool(&kind).iter().filter_map(value::to_text).collect(),
                };
            all.push((function, field.name.clone(), texts));
        }
    }
    all
}

fn keys(world: &World) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for field in world.meta(THING).fields.iter().filter(|f| f.sortable()) {
        all.push(("group_by", field.name.clone()));
        for unit in Unit::ALL.into_iter().filter(|u| u.takes(field)) {
            all.push(("bucket", format!("{}({})", unit.name(), field.name)));
            // Twice, since there are fewer of them.
            all.push(("bucket", format!("{}({})", unit.name(), field.name)));
        }
    }
    all
}

/// Parameters that mean something, conditions and order among them.
pub(super) fn request(world: &World) -> BoxedStrategy<Parameters> {
    let (all_keys, all_measures) = (keys(world), measures(world));
    let keys = subsequence(all_keys.clone(), 0..=2).prop_shuffle();
    let measures = subsequence(all_measures, 1..=5);
    let conditions = select(vec![
        None,
        None,
        Some(("small__gte", "1")),
        Some(("number__lt", "2")),
        Some(("owner.level__gte", "1")),
        Some(("name__contains", "a")),
        Some(("id", "-1")),
    ]);
    let order = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..3);
    let having = prop::collection::vec(
        (
            any::<prop::sample::Index>(),
            any::<prop::sample::Index>(),
            0..6_usize,
        ),
        0..2,
    );
    let limit = select(vec![None, Some("1"), Some("3"), Some("1000")]);
    (keys, measures, conditions, order, having, limit)
        .prop_map(|(mut keys, measures, condition, order, having, limit)| {
            // As the members stand in the answer.
            keys.sort_by_key(|(kind, _)| *kind == "bucket");
            let mut all: Parameters = Vec::new();
            let mut outputs: Vec<(String, bool)> = Vec::new();
            for (kind, text) in &keys {
                add(&mut all, kind, text);
                outputs.push((text.replace('(', "_").replace(')', ""), false));
            }
            for (function, name, texts) in &measures {
                add(&mut all, function.name(), name);
                let name = if name == "*" {
                    function.name().to_owned()
                } else {
                    format!("{}_{name}", function.name())
                };
                outputs.push((
                    name,
                    texts.is_empty() && matches!(function, Function::Sum | Function::Avg),
                ));
            }
            for (which, value, op) in having {
                let (at, (_, _, texts)) = {
                    let at = which.index(measures.len());
                    (at, &measures[at])
                };
                if !texts.is_empty() {
                    let (op, _) = parse::HAVING[op];
                    let name = &outputs[keys.len() + at].0;
                    let name = format!("having.{name}__{op}");
                    if !all.iter().any(|(n, _)| *n == name) {
                        all.push((name, texts[value.index(texts.len())].clone()));
                    }
                }
            }
            let mut sort: Vec<String> = Vec::new();
            for (which, descending) in order {
                let (name, rough) = &outputs[which.index(outputs.len())];
                let known = sort.iter().any(|s| s.trim_start_matches('-') == name);
                if !rough && !known {
                    sort.push(format!("{}{name}", if descending { "-" } else { "" }));
                }
            }
            all.push(("sort".into(), sort.join(",")));
            all.extend(condition.map(|(n, v)| (n.to_owned(), v.to_owned())));
            all.extend(limit.map(|l| ("limit".to_owned(), l.to_owned())));
            all
        })
        .boxed()
}

fn add(all: &mut Parameters, name: &str, text: &str) {
    match all.iter_mut().find(|(n, _)| n == name) {
        Some((_, texts)) => {
            texts.push(',');
            texts.push_str(text);
        }
        None => all.push((name.to_owned(), text.to_owned())),
    }
}
