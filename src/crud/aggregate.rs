//! `_aggregate`: groups of rows and what is measured in them, by one statement.

use sea_orm::QueryResult;

use crate::error::Error;
use crate::model::{Kind, ModelId, Verb, value};
use crate::query::aggregate::Aggregate;
use crate::query::sql::{Cells, Compiler, MORE_PLACES, Total};
use crate::query::{Filter, parse};
use crate::store::{failure, row};

use super::trash::Shelf;
use super::{Context, Engine};

impl Engine {
    /// Measures groups of a model's records; the whole answer, `{"data":[…],"truncated":…}`.
    ///
    /// # Errors
    /// 401, 403, 404 for the caller; 400 with every fault of the request.
    pub async fn aggregate(
        &self,
        ctx: &Context,
        model: ModelId,
        parameters: &[(String, String)],
    ) -> Result<Vec<u8>, Error> {
        let (rows, asked) = self.parse_aggregate(ctx, model, parameters)?;
        let filter = rows.and(asked.filter.clone());
        let mut compiler = Compiler::new(&self.registry, self.db.backend());
        let select = compiler.aggregate(model, &asked, &filter);
        let cells = compiler.cells(model, &asked);
        let found = self.db.try_select(&select).await.map_err(|error| {
            // Nothing else in it can be out of a range: the values compared with have been parsed.
            match failure::classify(&error) {
                failure::Failure::Constraint => too_large().because(error),
                _ => failure::plain(error),
            }
        })?;
        let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let mut out = Vec::with_capacity(64 + found.len() * 64);
        out.extend_from_slice(b"{\"data\":[");
        for (i, row) in found.iter().take(limit).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            write_group(&mut out, &asked, &cells, row)?;
        }
        out.extend_from_slice(b"],\"truncated\":");
        let truncated: &[u8] = if found.len() > limit {
            b"true}"
        } else {
            b"false}"
        };
        out.extend_from_slice(truncated);
        Ok(out)
    }

    fn parse_aggregate(
        &self,
        ctx: &Context,
        model: ModelId,
        parameters: &[(String, String)],
    ) -> Result<(Filter, Aggregate), Error> {
        self.through_lens(ctx, (Verb::List, model), |paths, seen| {
            let (shelf, rest) = Shelf::of_parameters(seen.meta, parameters)?;
            let asked = parse::aggregate(paths, model, &rest)?;
            Ok((seen.rows(shelf)?, asked))
        })
    }
}

fn too_large() -> Error {
    let detail = "A sum is larger than the numbers of its field can be.";
    Error::parameter("sum", "out_of_range", detail)
}

fn write_group(
    out: &mut Vec<u8>,
    asked: &Aggregate,
    cells: &[Cells],
    row: &QueryResult,
) -> Result<(), Error> {
    out.push(b'{');
    let mut column = 0;
    for (i, (name, cells)) in asked.names().zip(cells).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        value::write_string(out, name);
        out.push(b':');
        match cells {
            Cells::Plain(kind) => {
                row::write_json(out, row, column, kind)?;
                column += 1;
            }
            Cells::Sum(kind, total) => {
                let sum = Sum::read(row, &mut column, *total)?;
                let text = sum.map(|sum| sum.text(kind)).transpose()?;
                write_number(out, kind, text.as_deref());
            }
            Cells::Mean(kind, total) => {
                let sum = Sum::read(row, &mut column, *total)?;
                let n: i64 = row.try_get_by_index(column).map_err(failure::plain)?;
                column += 1;
                let text = sum.map(|sum| sum.mean(kind, n)).transpose()?;
                write_number(out, kind, text.as_deref());
            }
        }
    }
    out.push(b'}');
    Ok(())
}

/// A whole number of 64 bits is a number; a decimal, and what is longer, its digits.
fn write_number(out: &mut Vec<u8>, kind: &Kind, text: Option<&str>) {
    match text {
        None => out.extend_from_slice(b"null"),
        Some(text) if matches!(kind, Kind::Int(_)) && text.parse::<i64>().is_ok() => {
            out.extend_from_slice(text.as_bytes());
        }
        Some(text) => value::write_string(out, text),
    }
}

/// A sum as its database keeps it.
enum Sum {
    Text(String),
    Units(i128, u32),
    Real(f64),
}

impl Sum {
    /// The sum in the columns from `column`, which is moved past them.
    fn read(row: &QueryResult, column: &mut usize, total: Total) -> Result<Option<Self>, Error> {
        let at = *column;
        *column += if matches!(total, Total::Halves(_)) {
            2
        } else {
            1
        };
        Ok(match total {
            Total::Exact => {
                let text: Option<String> = row.try_get_by_index(at).map_err(failure::plain)?;
                text.map(Self::Text)
            }
            Total::Real => {
                let real: Option<f64> = row.try_get_by_index(at).map_err(failure::plain)?;
                real.map(Self::Real)
            }
            Total::Halves(scale) => {
                let half = |i| -> Result<Option<i64>, Error> {
                    row.try_get_by_index(i).map_err(failure::plain)
                };
                let halves = half(at)?.zip(half(at + 1)?);
                halves.map(|(high, low)| {
                    Self::Units((i128::from(high) << 32) + i128::from(low), scale)
                })
            }
        })
    }

    fn text(self, kind: &Kind) -> Result<String, Error> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Units(units, scale) => Ok(places(units, scale)),
            Self::Real(real) => rounded(real, scale(kind)),
        }
    }

    /// The sum by the number of values, with more places than the field has, rounded to the nearest
    /// and halves away from zero.
    fn mean(self, kind: &Kind, n: i64) -> Result<String, Error> {
        let (units, scale) = match self {
            Self::Units(units, scale) => (units, scale),
            Self::Text(text) => {
                let fraction = text.split_once('.').map_or(0, |(_, f)| f.len());
                let scale = u32::try_from(fraction).map_err(Error::internal)?;
                let units = text.replace('.', "").parse().map_err(Error::internal)?;
                (units, scale)
            }
            #[expect(clippy::cast_precision_loss, reason = "a count of rows is below 2^53")]
            Self::Real(real) => {
                let places = scale(kind).map(|s| s + MORE_PLACES);
                return rounded(real / n as f64, places);
            }
        };
        let (n, sign) = (i128::from(n.max(1)), units.signum());
        let (whole, rest) = (units.abs() / n, units.abs() % n);
        let tens = 10_i128.pow(MORE_PLACES);
        let units = whole * tens + (rest * tens * 2 + n) / (2 * n);
        Ok(places(units * sign, scale + MORE_PLACES))
    }
}

fn scale(kind: &Kind) -> Option<u32> {
    match kind {
        Kind::Decimal(size) => size.map(|(_, scale)| scale),
        _ => Some(0),
    }
}

/// `1230` units of two places as `12.30`.
fn places(units: i128, scale: u32) -> String {
    let scale = scale as usize;
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if units < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// A floating point number that stands for a decimal: with the places of its column, or the 15
/// digits that it can be trusted with.
fn rounded(real: f64, places: Option<u32>) -> Result<String, Error> {
    if !real.is_finite() {
        return Err(too_large());
    }
    if let Some(places) = places {
        return Ok(format!("{real:.*}", places as usize));
    }
    let digits = format!("{real:.14e}");
    let decimal = rust_decimal::Decimal::from_scientific(&digits);
    Ok(decimal.map_or_else(|_| format!("{real}"), |d| d.normalize().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_their_point_and_their_sign() {
        assert_eq!(places(1230, 2), "12.30");
        assert_eq!(places(-5, 2), "-0.05");
        assert_eq!(places(0, 2), "0.00");
        assert_eq!(places(-7, 0), "-7");
    }

    #[test]
    fn a_mean_is_rounded_to_the_nearest_and_halves_away_from_zero() {
        let mean = |units, n| Sum::Units(units, 2).mean(&Kind::Decimal(None), n).unwrap();
        assert_eq!(mean(100, 3), "0.333333");
        assert_eq!(mean(-200, 3), "-0.666667");
        assert_eq!(mean(1, 20_000), "0.000001");
        assert_eq!(mean(-1, 20_000), "-0.000001");
        assert_eq!(mean(1, 20_001), "0.000000");
        let text = Sum::Text("-10.50".into());
        assert_eq!(text.mean(&Kind::Decimal(None), 4).unwrap(), "-2.625000");
    }

    #[test]
    fn a_real_has_the_places_of_its_column_or_fifteen_digits() {
        assert_eq!(rounded(0.1 + 0.2, None).unwrap(), "0.3");
        assert_eq!(rounded(1234.5, Some(2)).unwrap(), "1234.50");
        assert!(rounded(f64::INFINITY, None).is_err());
    }
}
