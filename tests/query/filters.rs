//! Random filters and orders over the world's models.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use quarterdeck::model::{FieldId, Kind, ModelId, Op, Registry};
use quarterdeck::query::{Cmp, Filter, Place, SortKey};
use sea_orm::Value;

use super::world::{TEXTS, pool};

/// Any filter on `model`, relations included; `depth` bounds its nesting.
pub(crate) fn filter(registry: &Registry, model: ModelId, depth: u32) -> BoxedStrategy<Filter> {
    let leaf = leaf(registry, model);
    if depth == 0 {
        return leaf;
    }
    let below = || filter(registry, model, depth - 1);
    let many = prop::collection::vec(below(), 0..4);
    let mut all: Vec<(u32, BoxedStrategy<Filter>)> = vec![
        (6, leaf),
        (2, many.clone().prop_map(Filter::And).boxed()),
        (2, many.prop_map(Filter::Or).boxed()),
        (2, below().prop_map(|f| Filter::Not(Box::new(f))).boxed()),
    ];
    for (relation, of) in registry.model(model).relations.iter().enumerate() {
        let inner = filter(registry, of.target, depth - 1);
        let junction = match &of.via {
            None => Just(Filter::All).boxed(),
            Some(via) => leaf_or_all(registry, via.model),
        };
        let related = (junction, inner).prop_map(move |(junction, inner)| Filter::Related {
            relation,
            junction: Box::new(junction),
            inner: Box::new(inner),
        });
        all.push((1, related.boxed()));
    }
    prop::strategy::Union::new_weighted(all).boxed()
}

fn leaf_or_all(registry: &Registry, model: ModelId) -> BoxedStrategy<Filter> {
    prop_oneof![Just(Filter::All), leaf(registry, model)].boxed()
}

/// A filter without parts: every operator of every field.
pub(crate) fn leaf(registry: &Registry, model: ModelId) -> BoxedStrategy<Filter> {
    let fields = registry.model(model).fields.iter().enumerate();
    let conditions: Vec<BoxedStrategy<Filter>> = fields
        .flat_map(|(id, field)| {
            let kind = field.kind.clone();
            let operators = field.operators().iter();
            operators.map(move |&op| condition(id, &kind, op))
        })
        .collect();
    let constant = select(vec![Filter::All, Filter::Never]);
    prop_oneof![
        20 => prop::strategy::Union::new(conditions),
        1 => constant,
    ]
    .boxed()
}

/// `field op` some operand, as the parser would make it.
fn condition(field: FieldId, kind: &Kind, op: Op) -> BoxedStrategy<Filter> {
    let value = operand(field, kind);
    let one = move |cmp| {
        let value = value.clone();
        value.prop_map(move |v| Filter::Cmp(field, cmp, v)).boxed()
    };
    let value = operand(field, kind);
    let many = move |negated| {
        prop::collection::vec(value.clone(), 0..4)
            .prop_map(move |values| Filter::In {
                field,
                values,
                negated,
            })
            .boxed()
    };
    let value = operand(field, kind);
    match op {
        Op::Eq => one(Cmp::Eq),
        Op::Ne => one(Cmp::Ne),
        Op::Lt => one(Cmp::Lt),
        Op::Lte => one(Cmp::Lte),
        Op::Gt => one(Cmp::Gt),
        Op::Gte => one(Cmp::Gte),
        Op::In => many(false),
        Op::Nin => many(true),
        Op::Between => (value.clone(), value)
            .prop_map(move |(low, high)| Filter::Between(field, low, high))
            .boxed(),
        Op::IsNull => any::<bool>()
            .prop_map(move |is| Filter::Null(field, is))
            .boxed(),
        Op::Contains => like(field, Place::Anywhere, false),
        Op::IContains => like(field, Place::Anywhere, true),
        Op::StartsWith => like(field, Place::Start, false),
        Op::IStartsWith => like(field, Place::Start, true),
        Op::EndsWith => like(field, Place::End, false),
        Op::IEndsWith => like(field, Place::End, true),
    }
}

fn operand(field: FieldId, kind: &Kind) -> BoxedStrategy<Value> {
    let mut values = pool(kind);
    if matches!(kind, Kind::Int(quarterdeck::model::IntSize::I64)) && field < 20 {
        // Keys and links are small numbers.
        values.extend((4..12).map(|n: i64| Value::BigInt(Some(n))));
    }
    select(values).boxed()
}

/// Ignoring case is said to mean ASCII, so only ASCII is asked for.
fn like(field: FieldId, place: Place, fold: bool) -> BoxedStrategy<Filter> {
    let texts: Vec<&str> = TEXTS
        .iter()
        .copied()
        .filter(|t| !fold || t.is_ascii())
        .collect();
    (select(texts), any::<bool>())
        .prop_map(move |(text, whole)| Filter::Like {
            field,
            place,
            // The first character alone is found in more rows.
            text: if whole {
                text.to_owned()
            } else {
                text.chars().take(1).collect()
            },
            fold,
        })
        .boxed()
}

/// A total order: some fields either way, perhaps seen on some rows only, then the key.
pub(crate) fn sort(
    registry: &Registry,
    model: ModelId,
    guarded: bool,
) -> BoxedStrategy<Vec<SortKey>> {
    let meta = registry.model(model);
    let sortable: Vec<FieldId> = (0..meta.fields.len())
        .filter(|f| meta.fields[*f].sortable() && !meta.key.contains(f))
        .collect();
    let guard = if guarded {
        prop::option::of(leaf(registry, model)).boxed()
    } else {
        Just(None).boxed()
    };
    let count = 0..=sortable.len().min(3);
    let keys = subsequence(sortable, count).prop_shuffle();
    let key = meta.key.clone();
    (
        keys,
        prop::collection::vec((any::<bool>(), guard), 3),
        any::<bool>(),
    )
        .prop_map(move |(fields, how, last)| {
            let by_field = fields.into_iter().zip(how);
            let mut keys: Vec<SortKey> = by_field
                .map(|(field, (descending, guard))| SortKey {
                    field,
                    descending,
                    guard,
                })
                .collect();
            keys.extend(key.iter().map(|&field| SortKey {
                field,
                descending: last,
                guard: None,
            }));
            keys
        })
        .boxed()
}
