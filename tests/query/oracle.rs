//! The oracle: what a filter and an order mean, said once more and naively, over rows in memory.

use std::cmp::Ordering;

use quarterdeck::model::{FieldId, ModelId, Relation};
use quarterdeck::query::{Cmp, Filter, Place, SortKey};
use sea_orm::Value;

use super::world::World;

impl World {
    /// Whether a row of `model` matches.
    pub(crate) fn holds(&self, model: ModelId, row: &[Value], filter: &Filter) -> bool {
        match filter {
            Filter::All => true,
            Filter::Never => false,
            Filter::And(parts) => parts.iter().all(|f| self.holds(model, row, f)),
            Filter::Or(parts) => parts.iter().any(|f| self.holds(model, row, f)),
            Filter::Not(inner) => !self.holds(model, row, inner),
            Filter::Cmp(field, cmp, value) => {
                !is_null(&row[*field]) && {
                    let order = compare(&row[*field], value);
                    match cmp {
                        Cmp::Eq => order.is_eq(),
                        Cmp::Ne => order.is_ne(),
                        Cmp::Lt => order.is_lt(),
                        Cmp::Lte => order.is_le(),
                        Cmp::Gt => order.is_gt(),
                        Cmp::Gte => order.is_ge(),
                    }
                }
            }
            Filter::In {
                values, negated, ..
            } if values.is_empty() => *negated,
            Filter::In {
                field,
                values,
                negated,
            } => {
                !is_null(&row[*field])
                    && values.iter().any(|v| compare(&row[*field], v).is_eq()) != *negated
            }
            Filter::Between(field, low, high) => {
                !is_null(&row[*field])
                    && compare(&row[*field], low).is_ge()
                    && compare(&row[*field], high).is_le()
            }
            Filter::Like {
                field,
                place,
                text,
                fold,
            } => match &row[*field] {
                Value::String(Some(hay)) if *fold => {
                    let (hay, text) = (hay.to_ascii_lowercase(), text.to_ascii_lowercase());
                    placed(&hay, *place, &text)
                }
                Value::String(Some(hay)) => placed(hay, *place, text),
                _ => false,
            },
            Filter::Null(field, wanted) => is_null(&row[*field]) == *wanted,
            Filter::Related {
                relation,
                junction,
                inner,
            } => {
                let relation = &self.meta(model).relations[*relation];
                self.related(row, relation, (junction, inner))
            }
        }
    }

    fn related(&self, row: &[Value], by: &Relation, (junction, inner): (&Filter, &Filter)) -> bool {
        let some = |from: &[Value], near: &[FieldId]| {
            let targets = &self.rows[by.target.0];
            targets.iter().any(|target| {
                linked((from, near), (target, &by.to)) && self.holds(by.target, target, inner)
            })
        };
        match &by.via {
            None => some(row, &by.from),
            Some(via) => self.rows[via.model.0].iter().any(|middle| {
                linked((row, &by.from), (middle, &via.near))
                    && self.holds(via.model, middle, junction)
                    && some(middle, &via.far)
            }),
        }
    }

    /// The rows of `model` that match.
    pub(crate) fn matching(&self, model: ModelId, filter: &Filter) -> Vec<&Vec<Value>> {
        let rows = self.rows[model.0].iter();
        rows.filter(|row| self.holds(model, row, filter)).collect()
    }

    /// Which of two rows comes first: null is lowest, and a field that may not be seen is null.
    pub(crate) fn order(
        &self,
        model: ModelId,
        sort: &[SortKey],
        (a, b): (&[Value], &[Value]),
    ) -> Ordering {
        let seen = |key: &SortKey, row: &[Value]| {
            let visible = key.guard.as_ref().is_none_or(|g| self.holds(model, row, g));
            Some(row[key.field].clone()).filter(|v| visible && !is_null(v))
        };
        sort.iter().fold(Ordering::Equal, |before, key| {
            before.then_with(|| {
                let order = match (seen(key, a), seen(key, b)) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => Ordering::Less,
                    (Some(_), None) => Ordering::Greater,
                    (Some(a), Some(b)) => compare(&a, &b),
                };
                if key.descending {
                    order.reverse()
                } else {
                    order
                }
            })
        })
    }
}

fn linked((a, from): (&[Value], &[FieldId]), (b, to): (&[Value], &[FieldId])) -> bool {
    from.iter()
        .zip(to)
        .all(|(&f, &t)| !is_null(&a[f]) && !is_null(&b[t]) && compare(&a[f], &b[t]).is_eq())
}

fn placed(hay: &str, place: Place, text: &str) -> bool {
    match place {
        Place::Anywhere => hay.contains(text),
        Place::Start => hay.starts_with(text),
        Place::End => hay.ends_with(text),
    }
}

pub(crate) fn is_null(value: &Value) -> bool {
    *value == value.as_null()
}

/// Two values of one kind that are not null; texts by their bytes.
pub(crate) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::SmallInt(a), Value::SmallInt(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::BigInt(a), Value::BigInt(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).expect("no NaN"),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b).expect("no NaN"),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
        (Value::ChronoDate(a), Value::ChronoDate(b)) => a.cmp(b),
        (Value::ChronoTime(a), Value::ChronoTime(b)) => a.cmp(b),
        (Value::ChronoDateTime(a), Value::ChronoDateTime(b)) => a.cmp(b),
        (Value::ChronoDateTimeUtc(a), Value::ChronoDateTimeUtc(b)) => a.cmp(b),
        other => panic!("no order between {other:?}"),
    }
}
