//! From years to months to days of one field: how many records each has, and the way to them.

use chrono::NaiveDate;

use crate::error::Error;
use crate::http::Call;
use crate::model::{Field, FieldId};
use crate::query::aggregate::Unit;

use super::chart::next;
use super::place::{BY, Place};
use crate::admin::address::{POSITION, Query};
use crate::admin::value::count;
use crate::admin::value::row::Row;
use crate::admin::value::zone;
use crate::admin::view::View;
use crate::page::words::t;

/// The field and the periods of it.
#[derive(Debug)]
pub(super) struct Drill {
    pub(super) label: String,
    /// From all of time to the period that is shown: words, and where they lead.
    pub(super) way: Vec<(String, String)>,
    /// The periods in it: words, records, and where they lead.
    pub(super) periods: Vec<(String, String, String)>,
    /// The list without it.
    pub(super) off: String,
}

/// The fields that can be walked through: their words, and the list that does.
pub(super) fn fields(view: &View<'_>, place: &Place) -> Vec<(String, String)> {
    let model = view.model;
    let dated =
        (0..model.fields.len()).filter(|&f| view.sees(f) && Unit::Day.takes(&model.fields[f]));
    dated
        .map(|f| {
            let there = place.here.with(BY, &model.fields[f].name);
            (view.label(f).to_owned(), there.list(&model.slug))
        })
        .collect()
}

impl Drill {
    /// The walk that the address asks for.
    pub(super) async fn of(
        call: &Call,
        view: &View<'_>,
        place: &Place,
    ) -> Result<Option<Self>, Error> {
        let Some(name) = place.here.get(BY) else {
            return Ok(None);
        };
        let model = view.model;
        let known = model.field(name).filter(|&f| view.sees(f));
        let known = known.filter(|&f| Unit::Day.takes(&model.fields[f]));
        let field = known.ok_or_else(|| {
            let detail = format!("There is no field {name:?} with dates here.");
            Error::parameter(BY, "unknown_field", detail)
        })?;
        let dated = &model.fields[field];
        let period = Period::of(&place.api, dated);
        let inner = match period.map(|p| p.unit) {
            None => Some(Unit::Year),
            Some(Unit::Year) => Some(Unit::Month),
            Some(Unit::Month) => Some(Unit::Day),
            Some(_) => None,
        };
        let mut periods = Vec::new();
        if let Some(unit) = inner {
            let groups = groups(call, (view, place), (field, unit)).await?;
            let member = format!("{}_{name}", unit.name());
            for row in &groups {
                let begin = row.text(&member).and_then(|t| t.get(..10)?.parse().ok());
                let Some(begin) = begin else { continue };
                let part = Period { unit, begin };
                let records = row.text("count").and_then(|n| n.parse().ok());
                let records = count::words(records.unwrap_or_default(), "exact");
                let there = part.within(place, dated).list(&model.slug);
                periods.push((part.words(), records, there));
            }
        }
        let all = bare(place, name).list(&model.slug);
        let mut way = vec![(t("All dates").to_owned(), all)];
        for step in period.into_iter().flat_map(Period::way) {
            way.push((step.words(), step.within(place, dated).list(&model.slug)));
        }
        Ok(Some(Self {
            label: view.label(field).to_owned(),
            way,
            periods,
            off: place.here.without(&[BY]).list(&model.slug),
        }))
    }
}

async fn groups(
    call: &Call,
    (view, place): (&View<'_>, &Place),
    (field, unit): (FieldId, Unit),
) -> Result<Vec<Row>, Error> {
    let model = view.model;
    let mut query = place.conditions(model);
    let name = &model.fields[field].name;
    if let Some(trash) = place.api.get("trash").filter(|_| model.trash.is_some()) {
        query.0.push(("trash".into(), trash.into()));
    }
    let own = [
        ("bucket", format!("{}({name})", unit.name())),
        ("count", "*".to_owned()),
        ("limit", "400".to_owned()),
    ];
    query.0.extend(own.map(|(n, v)| (n.to_owned(), v)));
    query.0.extend(zone::parameter());
    let body = call.engine.aggregate(&call.ctx, model.id, &query.0).await?;
    Ok(Row::groups(&body)?.0)
}

/// A year, a month or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Period {
    unit: Unit,
    begin: NaiveDate,
}

/// The list without a period of this field.
fn bare(place: &Place, name: &str) -> Query {
    let ends = [format!("{name}__gte"), format!("{name}__lt")];
    let all = place.here.without(&POSITION);
    all.without(&[&ends[0], &ends[1]])
}

impl Period {
    /// The period that the conditions of a list say.
    fn of(query: &Query, field: &Field) -> Option<Self> {
        let day = |op: &str| {
            let value = query.get(&format!("{}__{op}", field.name))?;
            zone::day(field, value)
        };
        let (begin, end) = (day("gte")?, day("lt")?);
        [Unit::Year, Unit::Month, Unit::Day]
            .into_iter()
            .map(|unit| Self { unit, begin })
            .find(|p| next(p.unit, begin) == Some(end) && p.first() == Some(begin))
    }

    /// The day on which such a period begins.
    fn first(self) -> Option<NaiveDate> {
        use chrono::Datelike as _;
        let day = self.begin;
        match self.unit {
            Unit::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
            Unit::Month => NaiveDate::from_ymd_opt(day.year(), day.month(), 1),
            _ => Some(day),
        }
    }

    /// The periods that this one is in, and itself.
    fn way(self) -> Vec<Self> {
        let units: &[Unit] = match self.unit {
            Unit::Year => &[Unit::Year],
            Unit::Month => &[Unit::Year, Unit::Month],
            _ => &[Unit::Year, Unit::Month, Unit::Day],
        };
        let step = |&unit| {
            let whole = Self { unit, ..self };
            Some(Self {
                unit,
                begin: whole.first()?,
            })
        };
        units.iter().filter_map(step).collect()
    }

    fn words(self) -> String {
        let shape = match self.unit {
            Unit::Year => "%Y",
            Unit::Month => "%Y-%m",
            _ => "%Y-%m-%d",
        };
        self.begin.format(shape).to_string()
    }

    /// The list in this period.
    fn within(self, place: &Place, field: &Field) -> Query {
        let name = &field.name;
        let mut query = bare(place, name);
        let at = |op: &str, day| (format!("{name}__{op}"), zone::begin(field, day));
        query.0.push(at("gte", self.begin));
        let end = next(self.unit, self.begin);
        query.0.extend(end.map(|end| at("lt", end)));
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FieldOptions, Kind};

    #[test]
    fn a_period_is_known_by_its_ends() {
        let of = |gte: &str, lt: &str| {
            let query = format!("at__gte={gte}&at__lt={lt}");
            let at = ("at", Kind::Timestamp, false);
            let at = Field::loose(at, FieldOptions::default());
            let found = Period::of(&Query::parse(&query).unwrap(), &at);
            found.map(|p| {
                p.way()
                    .into_iter()
                    .map(Period::words)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
        };
        assert_eq!(of("2026-01-01", "2027-01-01").as_deref(), Some("2026"));
        assert_eq!(
            of("2026-02-01", "2026-03-01").as_deref(),
            Some("2026 2026-02")
        );
        assert_eq!(
            of("2026-02-03", "2026-02-04").as_deref(),
            Some("2026 2026-02 2026-02-03")
        );
        assert_eq!(of("2026-02-03", "2026-03-03"), None);
        assert_eq!(of("2026-02-03T00:00:00Z", "2026-03-03"), None);
    }
}
