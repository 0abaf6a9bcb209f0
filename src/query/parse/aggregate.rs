//! The parameters of `_aggregate`: groups, measures, conditions on both sides of the grouping.

use chrono_tz::Tz;

use crate::error::{Error, Fault};
use crate::model::{Field, Kind, ModelId};
use crate::query::aggregate::{
    Aggregate, DEFAULT_LIMIT, Function, Having, Key, MAX_KEYS, MAX_LIMIT, Measure, Output, Unit,
};
use crate::query::path::{Operand, Refusal, Scope, at_parameter, single, unknown};
use crate::query::{Cmp, Filter, Projected};

use super::quick_search::quick_search;
use super::{Asked, RESERVED, group};

/// The parameters that are not conditions. A field of such a name is filtered as `name__eq`.
pub const AGGREGATE: [&str; 12] = [
    "group_by", "bucket", "zone", "count", "distinct", "sum", "avg", "min", "max", "sort", "q",
    "limit",
];

/// The operators of `having`.
pub const HAVING: [(&str, Cmp); 6] = [
    ("eq", Cmp::Eq),
    ("ne", Cmp::Ne),
    ("lt", Cmp::Lt),
    ("lte", Cmp::Lte),
    ("gt", Cmp::Gt),
    ("gte", Cmp::Gte),
];

/// Parses the parameters of `_aggregate`, already percent-decoded.
///
/// # Errors
/// One 400 with every fault.
pub fn aggregate(
    scope: &mut Scope<'_>,
    model: ModelId,
    parameters: &[(String, String)],
) -> Result<Aggregate, Error> {
    let mut asked = Asked::default();
    let mut having = Vec::new();
    let mut faults = Vec::new();
    let mut filter = Filter::All;
    for (name, text) in parameters {
        if let Some(known) = AGGREGATE.into_iter().find(|r| r == name) {
            if asked.get(known).is_some() {
                let detail = format!("{name} can be given once.");
                faults.push(Fault::parameter(name, "duplicate", detail));
            }
            asked.texts.push((known, text.clone()));
        } else if RESERVED.contains(&name.as_str()) {
            let allowed = AGGREGATE.join(", ");
            let detail =
                format!("There is no parameter {name:?} here; allowed: {allowed}, conditions.");
            faults.push(Fault::parameter(name, "unknown_parameter", detail));
        } else if let Some(condition) = name.strip_prefix("having.") {
            having.push((name, condition, text));
        } else {
            match group::condition(scope, model, name, text) {
                Ok(condition) => filter = filter.and(condition),
                Err(refusal) => faults.push(at_parameter(name, refusal)),
            }
        }
    }
    match quick_search(scope, model, &asked) {
        Ok(q) => filter = filter.and(q),
        Err(refusal) => faults.push(asked.fault("q", refusal)),
    }
    let mut of = Parts {
        scope,
        model,
        asked: &asked,
        faults,
    };
    let mut parsed = Aggregate {
        filter,
        keys: of.keys(),
        measures: of.measures(),
        zone: of.zone(),
        having: Vec::new(),
        sort: Vec::new(),
        limit: of.limit(),
    };
    of.check(&parsed);
    parsed.having = of.having(&parsed, &having);
    parsed.sort = of.sort(&parsed);
    if of.faults.is_empty() {
        Ok(parsed)
    } else {
        Err(Error::malformed(of.faults))
    }
}

/// The parts of a request as they are read; what is wrong with them is kept.
struct Parts<'a, 's> {
    scope: &'a mut Scope<'s>,
    model: ModelId,
    asked: &'a Asked,
    faults: Vec<Fault>,
}

impl Parts<'_, '_> {
    fn refuse(&mut self, name: &str, refusal: Refusal) {
        self.faults.push(self.asked.fault(name, refusal));
    }

    fn field(
        &mut self,
        at: &str,
        name: &str,
        usable: impl Fn(&Field) -> bool,
    ) -> Option<Projected> {
        match self.scope.field(self.model, name, usable) {
            Ok((field, guard)) => Some(Projected { field, guard }),
            Err(refusal) => {
                self.refuse(at, refusal);
                None
            }
        }
    }

    fn keys(&mut self) -> Vec<Key> {
        let mut keys = Vec::new();
        for name in self.asked.names("group_by") {
            let of = self.field("group_by", name, Field::sortable);
            keys.extend(of.map(|of| Key {
                name: name.to_owned(),
                of,
                unit: None,
            }));
        }
        for text in self.asked.names("bucket") {
            let parts = text.strip_suffix(')').and_then(|t| t.split_once('('));
            let units = Unit::ALL.map(Unit::name);
            let Some((unit, name)) = parts else {
                let detail = format!(
                    "A bucket is written unit(field), and the unit is one of {}.",
                    units.join(", ")
                );
                self.refuse("bucket", ("bucket", detail));
                continue;
            };
            let Some(unit) = Unit::ALL.into_iter().find(|u| u.name() == unit) else {
                self.refuse("bucket", ("unknown_unit", unknown("unit", unit, &units)));
                continue;
            };
            let of = self.field("bucket", name, |f| unit.takes(f));
            keys.extend(of.map(|of| Key {
                name: format!("{}_{name}", unit.name()),
                of,
                unit: Some(unit),
            }));
        }
        if keys.len() > MAX_KEYS {
            let at = if self.asked.get("bucket").is_some() {
                "bucket"
            } else {
                "group_by"
            };
            let detail = format!("At most {MAX_KEYS} fields and buckets can be grouped by.");
            self.refuse(at, ("too_many_keys", detail));
        }
        keys
    }

    fn zone(&mut self) -> Option<Tz> {
        let name = self.asked.get("zone")?;
        let zone = name.parse().ok();
        if zone.is_none() {
            let detail = format!("There is no time zone {name:?}; one is Europe/Berlin.");
            self.refuse("zone", ("unknown_zone", detail));
        }
        zone
    }

    fn measures(&mut self) -> Vec<Measure> {
        let mut measures = Vec::new();
        for function in Function::ALL {
            let at = function.name();
            for name in self.asked.names(at) {
                if (function, name) == (Function::Count, "*") {
                    measures.push(Measure {
                        name: at.to_owned(),
                        function,
                        of: None,
                    });
                    continue;
                }
                let of = self.field(at, name, |f| function.takes(f));
                measures.extend(of.map(|of| Measure {
                    name: format!("{at}_{name}"),
                    function,
                    of: Some(of),
                }));
            }
        }
        measures
    }

    /// What is wrong with keys and measures together.
    fn check(&mut self, parsed: &Aggregate) {
        let max = self.scope.limits.max_conditions;
        if parsed.measures.len() > max {
            let detail = format!("At most {max} measures can be asked for (max_conditions).");
            let at = parsed.measures[max].function.name();
            self.refuse(at, ("too_many_measures", detail));
        }
        let names: Vec<&str> = parsed.names().collect();
        for (i, name) in names.iter().enumerate() {
            if names[..i].contains(name) {
                let at = match i.checked_sub(parsed.keys.len()) {
                    Some(measure) => parsed.measures[measure].function.name(),
                    None if parsed.keys[i].unit.is_some() => "bucket",
                    None => "group_by",
                };
                let detail = format!("Two members of the answer would be called {name}.");
                self.refuse(at, ("duplicate", detail));
            }
        }
        if names.is_empty() && self.faults.is_empty() {
            let detail = "Nothing is asked for; give group_by, bucket, count, distinct, sum, avg, \
                          min or max.";
            self.refuse("count", ("required", detail.to_owned()));
        }
    }

    fn having(&mut self, parsed: &Aggregate, given: &[(&String, &str, &String)]) -> Vec<Having> {
        let mut having = Vec::new();
        for (parameter, condition, text) in given {
            match self.one_having(parsed, condition, text) {
                Ok(one) => having.push(one),
                Err(refusal) => self.faults.push(at_parameter(parameter, refusal)),
            }
        }
        having
    }

    fn one_having(
        &mut self,
        parsed: &Aggregate,
        condition: &str,
        text: &str,
    ) -> Result<Having, Refusal> {
        self.scope.count(1)?;
        let (name, op) = condition.rsplit_once("__").unwrap_or((condition, "eq"));
        let meta = self.scope.registry.model(self.model);
        let compared = |measure: usize| -> Option<Kind> {
            let kind = parsed.field_of(measure).map(|f| &meta.fields[f].kind);
            parsed.measures[measure].function.compared(kind)
        };
        let found = match parsed.output(name) {
            Some(Output::Measure(measure)) => compared(measure).map(|kind| (measure, kind)),
            _ => None,
        };
        let Some((measure, kind)) = found else {
            let all = parsed.measures.iter().enumerate();
            let allowed = all.filter(|(i, _)| compared(*i).is_some());
            let allowed: Vec<&str> = allowed.map(|(_, m)| m.name.as_str()).collect();
            return Err(("unknown_output", unknown("measure", name, &allowed)));
        };
        let Some((_, cmp)) = HAVING.into_iter().find(|(name, _)| *name == op) else {
            let detail = unknown("operator", op, &HAVING.map(|(name, _)| name));
            return Err(("unknown_operator", detail));
        };
        Ok(Having {
            measure,
            cmp,
            value: single(&kind, Operand::Text(text))?,
        })
    }

    /// The order asked for, then every key that is not in it.
    fn sort(&mut self, parsed: &Aggregate) -> Vec<(Output, bool)> {
        let mut sort: Vec<(Output, bool)> = Vec::new();
        for part in self.asked.names("sort") {
            let (name, descending) = match part.strip_prefix('-') {
                Some(name) => (name, true),
                None => (part, false),
            };
            match parsed.output(name) {
                Some(output) if sort.iter().any(|(o, _)| *o == output) => {
                    let detail = format!("{name} is there twice.");
                    self.refuse("sort", ("duplicate", detail));
                }
                Some(output) => sort.push((output, descending)),
                None => {
                    let allowed: Vec<&str> = parsed.names().collect();
                    let detail = unknown("member", name, &allowed);
                    self.refuse("sort", ("unknown_output", detail));
                }
            }
        }
        for key in (0..parsed.keys.len()).map(Output::Key) {
            if !sort.iter().any(|(o, _)| *o == key) {
                sort.push((key, false));
            }
        }
        sort
    }

    fn limit(&mut self) -> u64 {
        match self.asked.get("limit").map(str::parse::<u64>) {
            None => DEFAULT_LIMIT,
            Some(Ok(n)) if (1..=MAX_LIMIT).contains(&n) => n,
            Some(_) => {
                let detail = format!("limit is a number from 1 to {MAX_LIMIT} here.");
                self.refuse("limit", ("out_of_range", detail));
                DEFAULT_LIMIT
            }
        }
    }
}
