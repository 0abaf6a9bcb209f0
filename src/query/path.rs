//! Paths such as `album.artist.name`: resolved step by step through the caller's [`Lens`], and
//! conditions on the field at their end.

use crate::error::Fault;
use crate::model::value::{self, Misfit};
use crate::model::{FieldId, Input, Kind, ModelId, ModelMeta, Op, Registry};

use super::{Cmp, Filter, Lens, Limits, Place, Sight};

/// The longest text to look for within others. SQLite takes patterns of 50,000 bytes, and escaping
/// may make three of one.
pub(super) const MAX_PATTERN: usize = 10_000;

/// What the parsers share: the registry, the caller's lens, the limits, and the conditions counted
/// so far.
pub struct Scope<'a> {
    /// The models.
    pub registry: &'a Registry,
    /// What the caller may see.
    pub lens: &'a dyn Lens,
    /// The limits.
    pub limits: &'a Limits,
    /// Conditions seen so far.
    pub conditions: usize,
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("conditions", &self.conditions)
            .finish_non_exhaustive()
    }
}

/// The relations walked, and the model they lead to.
#[derive(Debug)]
pub struct Walk {
    /// Each step.
    pub steps: Vec<Step>,
    /// Where they lead.
    pub end: ModelId,
}

/// One relation of a [`Walk`].
#[derive(Debug)]
pub struct Step {
    /// The relation's index in the model it starts from.
    pub relation: usize,
    /// What the caller may see of it.
    pub guards: Guards,
}

/// The rows on which a caller may see a relation: a link is data of the fields that hold it.
#[derive(Debug)]
pub struct Guards {
    /// On the model it starts from.
    pub own: Filter,
    /// On the junction.
    pub junction: Filter,
    /// On the model it leads to.
    pub target: Filter,
}

/// A value as it came: the text of a parameter, or JSON in a body.
#[derive(Debug, Clone, Copy)]
pub enum Operand<'a> {
    /// From a query string.
    Text(&'a str),
    /// From a body.
    Json(&'a Input),
}

/// Why a condition cannot be had: a code and a sentence; the caller adds the place.
pub type Refusal = (&'static str, String);

impl Scope<'_> {
    /// Walks the dotted `names` from `model`.
    ///
    /// # Errors
    /// The name that is unknown, and what is allowed in its place.
    pub fn walk(&self, model: ModelId, names: &[&str]) -> Result<Walk, Refusal> {
        if names.len() > self.limits.max_steps {
            let max = self.limits.max_steps;
            return Err((
                "too_many_steps",
                format!("A path walks at most {max} relations."),
            ));
        }
        let mut walk = Walk {
            steps: Vec::new(),
            end: model,
        };
        for name in names {
            let here = self.registry.model(walk.end);
            let relations = || {
                let all = here.relations.iter().enumerate();
                all.filter_map(|(i, r)| self.sees(walk.end, i).map(|guards| (i, r, guards)))
            };
            let Some((index, relation, guards)) = relations().find(|(_, r, _)| r.name == *name)
            else {
                let allowed: Vec<&str> = relations().map(|(_, r, _)| r.name.as_str()).collect();
                return Err(("unknown_relation", unknown("relation", name, &allowed)));
            };
            walk.steps.push(Step {
                relation: index,
                guards,
            });
            walk.end = relation.target;
        }
        Ok(walk)
    }

    /// What the caller may see of a relation; `None` where it does not exist for it: when it may
    /// not list the target (or the junction), or see one of the fields that hold the link.
    #[must_use]
    pub fn sees(&self, model: ModelId, relation: usize) -> Option<Guards> {
        let relation = &self.registry.model(model).relations[relation];
        let guard = |model: ModelId, fields: &[FieldId]| {
            fields
                .iter()
                .try_fold(Filter::All, |all, &f| match self.lens.sight(model, f) {
                    Sight::Always => Some(all),
                    Sight::When(guard) => Some(all.and(guard)),
                    Sight::Never => None,
                })
        };
        let own = guard(model, &relation.from)?;
        let target = self
            .lens
            .rows(relation.target)?
            .and(guard(relation.target, &relation.to)?);
        let junction = match &relation.via {
            None => Filter::All,
            Some(via) => self
                .lens
                .rows(via.model)?
                .and(guard(via.model, &via.near)?)
                .and(guard(via.model, &via.far)?),
        };
        Some(Guards {
            own,
            junction,
            target,
        })
    }

    /// The fields of `model` that the caller may see.
    #[must_use]
    pub fn visible_fields(&self, model: ModelId) -> Vec<FieldId> {
        let fields = 0..self.registry.model(model).fields.len();
        fields
            .filter(|&f| self.lens.sight(model, f).possible())
            .collect()
    }

    /// The visible field of that name with the condition on which it may be seen.
    ///
    /// # Errors
    /// The name is unknown; the sentence lists the fields that pass `usable`.
    pub fn field(
        &self,
        model: ModelId,
        name: &str,
        usable: impl Fn(&crate::model::Field) -> bool,
    ) -> Result<(FieldId, Option<Filter>), Refusal> {
        let meta = self.registry.model(model);
        let found = meta.field(name).filter(|&f| usable(&meta.fields[f]));
        match found.map(|f| (f, self.lens.sight(model, f))) {
            Some((field, Sight::Always)) => Ok((field, None)),
            Some((field, Sight::When(guard))) => Ok((field, Some(guard))),
            Some((_, Sight::Never)) | None => {
                let visible = self.visible_fields(model);
                let names = visible
                    .into_iter()
                    .map(|f| &meta.fields[f])
                    .filter(|f| usable(f));
                let allowed: Vec<&str> = names.map(|f| f.name.as_str()).collect();
                Err(("unknown_field", unknown("field", name, &allowed)))
            }
        }
    }

    /// The condition `path op operand` on the rows of `model`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn condition(
        &mut self,
        model: ModelId,
        path: &str,
        op: &str,
        operand: Operand<'_>,
    ) -> Result<Filter, Refusal> {
        self.count(1)?;
        let mut names: Vec<&str> = path.split('.').collect();
        let last = names.pop().unwrap_or_default();
        let walk = self.walk(model, &names)?;
        let (field, guard) = self.field(walk.end, last, |f| !f.operators().is_empty())?;
        let meta = self.registry.model(walk.end);
        let operators = meta.fields[field].operators();
        let Some(op) = Op::named(op).filter(|op| operators.contains(op)) else {
            let allowed: Vec<&str> = operators.iter().map(|o| o.name()).collect();
            return Err(("unknown_operator", unknown("operator", op, &allowed)));
        };
        let own = self.compare(meta, field, op, operand)?;
        let guarded = guard.unwrap_or(Filter::All).and(own);
        Ok(self.through(walk, guarded))
    }

    /// `inner` on the rows at the end of a walk, as a condition on the rows at its start. Rows of
    /// the models on the way count only where the caller may list them.
    #[must_use]
    pub fn through(&self, walk: Walk, inner: Filter) -> Filter {
        walk.steps
            .into_iter()
            .rev()
            .fold(inner, |inner, Step { relation, guards }| {
                guards.own.and(Filter::Related {
                    relation,
                    junction: Box::new(guards.junction),
                    inner: Box::new(guards.target.and(inner)),
                })
            })
    }

    /// Counts conditions against the limit.
    ///
    /// # Errors
    /// The limit, by name.
    pub fn count(&mut self, more: usize) -> Result<(), Refusal> {
        self.conditions += more;
        let max = self.limits.max_conditions;
        if self.conditions > max {
            return Err((
                "too_many_conditions",
                format!("A filter has at most {max} conditions (max_conditions)."),
            ));
        }
        Ok(())
    }

    fn compare(
        &self,
        meta: &ModelMeta,
        field: FieldId,
        op: Op,
        operand: Operand<'_>,
    ) -> Result<Filter, Refusal> {
        let kind = &meta.fields[field].kind;
        let one = |cmp| Ok(Filter::Cmp(field, cmp, single(kind, operand)?));
        let like = |place, fold| {
            let text = match operand {
                Operand::Text(t) => t.to_owned(),
                Operand::Json(Input::String(t)) => t.clone(),
                Operand::Json(other) => return Err(refuse(wrong("a string", other))),
            };
            if text.contains('\0') {
                return Err(refuse(Misfit {
                    code: "nul",
                    detail: "must not contain NUL".into(),
                }));
            }
            if text.len() > MAX_PATTERN {
                return Err(refuse(Misfit {
                    code: "too_long",
                    detail: format!("can have at most {MAX_PATTERN} bytes with {}", op.name()),
                }));
            }
            Ok(Filter::Like {
                field,
                place,
                text,
                fold,
            })
        };
        match op {
            Op::Eq => one(Cmp::Eq),
            Op::Ne => one(Cmp::Ne),
            Op::Lt => one(Cmp::Lt),
            Op::Lte => one(Cmp::Lte),
            Op::Gt => one(Cmp::Gt),
            Op::Gte => one(Cmp::Gte),
            Op::In | Op::Nin => {
                let values = many(kind, operand)?;
                let max = self.limits.max_in;
                if values.len() > max {
                    let detail = format!("`in` takes at most {max} values (max_in).");
                    return Err(("too_many_values", detail));
                }
                Ok(Filter::In {
                    field,
                    values,
                    negated: op == Op::Nin,
                })
            }
            Op::Between => {
                let values = many(kind, operand)?;
                match <[_; 2]>::try_from(values) {
                    Ok([low, high]) => Ok(Filter::Between(field, low, high)),
                    Err(_) => Err(("type", "`between` takes two values.".into())),
                }
            }
            Op::IsNull => match single(&Kind::Bool, operand)? {
                sea_orm::Value::Bool(Some(is)) => Ok(Filter::Null(field, is)),
                _ => Err(("type", "`isnull` takes true or false.".into())),
            },
            Op::Contains => like(Place::Anywhere, false),
            Op::IContains => like(Place::Anywhere, true),
            Op::StartsWith => like(Place::Start, false),
            Op::IStartsWith => like(Place::Start, true),
            Op::EndsWith => like(Place::End, false),
            Op::IEndsWith => like(Place::End, true),
        }
    }
}

pub(super) fn unknown(what: &str, name: &str, allowed: &[&str]) -> String {
    format!(
        "There is no {what} {name:?} here; allowed: {}.",
        allowed.join(", ")
    )
}

fn wrong(wanted: &str, got: &Input) -> Misfit {
    Misfit {
        code: "type",
        detail: format!("must be {wanted}, not {}", got.type_name()),
    }
}

fn refuse(misfit: Misfit) -> Refusal {
    (misfit.code, misfit.sentence("The value"))
}

pub(super) fn single(kind: &Kind, operand: Operand<'_>) -> Result<sea_orm::Value, Refusal> {
    // Column limits (longest text, most decimals) do not bound what may be compared with.
    let relaxed = match kind {
        Kind::Text(_) => &Kind::Text(None),
        Kind::Decimal(_) => &Kind::Decimal(None),
        other => other,
    };
    match operand {
        Operand::Text(text) => value::from_text(relaxed, text),
        Operand::Json(Input::Null) => Err(Misfit {
            code: "null",
            detail: "must not be null; use isnull".into(),
        }),
        Operand::Json(input) => value::from_input(relaxed, input),
    }
    .map_err(refuse)
}

fn many(kind: &Kind, operand: Operand<'_>) -> Result<Vec<sea_orm::Value>, Refusal> {
    match operand {
        Operand::Text("") => Ok(Vec::new()),
        Operand::Text(text) => split_list(text)
            .iter()
            .map(|t| single(kind, Operand::Text(t)))
            .collect(),
        Operand::Json(Input::Array(items)) => items
            .iter()
            .map(|i| single(kind, Operand::Json(i)))
            .collect(),
        Operand::Json(other) => Err(refuse(wrong("an array", other))),
    }
}

/// Splits at commas; `\,` is a comma and `\\` a backslash within a value.
#[must_use]
pub fn split_list(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let next = match c {
            '\\' => chars.next().unwrap_or('\\'),
            ',' => {
                parts.push(String::new());
                continue;
            }
            other => other,
        };
        if let Some(part) = parts.last_mut() {
            part.push(next);
        }
    }
    parts
}

/// A refusal at a query parameter.
#[must_use]
pub fn at_parameter(name: &str, (code, detail): Refusal) -> Fault {
    Fault::parameter(name, code, detail)
}

/// A refusal at a JSON pointer.
#[must_use]
pub fn at_pointer(pointer: &str, (code, detail): Refusal) -> Fault {
    Fault::pointer(pointer.to_owned(), code, detail)
}
