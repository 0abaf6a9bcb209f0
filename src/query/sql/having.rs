//! `having`: conditions on what was measured, exact wherever the sum itself is.

use rust_decimal::Decimal;
use sea_orm::Value;
use sea_orm::sea_query::{Expr, ExprTrait as _};

use crate::model::{Kind, ModelId};
use crate::query::Cmp;
use crate::query::aggregate::{Aggregate, Function, Having};

use super::Compiler;
use super::aggregate::{Cells, Total, name};
use super::condition::{compare, constant};

impl Compiler<'_> {
    pub(super) fn having(&self, model: ModelId, asked: &Aggregate, having: &Having) -> Expr {
        let i = having.measure;
        let measure = &asked.measures[i];
        let own = self.group(&format!("m{i}"));
        let n = name(self.backend, "g", &format!("m{i}n"));
        let decimal = match &having.value {
            Value::Decimal(Some(d)) => *d,
            _ => Decimal::ZERO,
        };
        match (self.measured(model, measure), measure.function) {
            (Cells::Sum(_, Total::Halves(scale)), _) => {
                self.beside_halves(i, scale, (having.cmp, decimal))
            }
            (Cells::Sum(_, Total::Real), _) => {
                let bound = self.bound(&Kind::Decimal(None), having.value.clone());
                compare(own, having.cmp, bound)
            }
            (Cells::Mean(_, Total::Halves(scale)), _) => {
                // `sum / n > d` without the division, which is not exact.
                let tens = |n: u32| 10_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
                let whole = format!("{} * {:e}", self.joined(i), tens(decimal.scale()));
                let mantissa: f64 = decimal.mantissa().to_string().parse().unwrap_or(f64::MAX);
                let limit = Expr::val(mantissa * tens(scale)).mul(Expr::cust(n));
                compare(Expr::cust(format!("({whole})")), having.cmp, limit)
            }
            (Cells::Mean(..), _) => {
                let bound = self.bound(&Kind::Decimal(None), having.value.clone());
                compare(own, having.cmp, bound.mul(Expr::cust(n)))
            }
            (Cells::Plain(kind), function) => {
                let left = match function {
                    Function::Avg => self.average(model, (i, measure)),
                    _ => own,
                };
                compare(left, having.cmp, self.bound(&kind, having.value.clone()))
            }
            (Cells::Sum(..), _) => compare(own, having.cmp, Expr::val(having.value.clone())),
        }
    }

    /// A sum in halves beside a decimal, which may have more places than the sum.
    fn beside_halves(&self, i: usize, scale: u32, (cmp, decimal): (Cmp, Decimal)) -> Expr {
        let (floor, exact) = floor_units(decimal, scale);
        let cmp = match (cmp, exact) {
            (cmp, true) => cmp,
            (Cmp::Eq, false) => return constant(false),
            (Cmp::Ne, false) => return self.group(&format!("m{i}")).is_not_null(),
            // Of a limit between two units every sum is on one side.
            (Cmp::Lt | Cmp::Lte, false) => Cmp::Lte,
            (Cmp::Gt | Cmp::Gte, false) => Cmp::Gt,
        };
        let sign = match cmp {
            Cmp::Eq => "=",
            Cmp::Ne => "<>",
            Cmp::Lt => "<",
            Cmp::Lte => "<=",
            Cmp::Gt => ">",
            Cmp::Gte => ">=",
        };
        let [high, low] = self.halves(i);
        let bound = [floor >> 32, floor & 0xFFFF_FFFF].map(|half| {
            let most = if half < 0 { i64::MIN } else { i64::MAX };
            Expr::val(i64::try_from(half).unwrap_or(most))
        });
        let template = format!("({high}, {low}) {sign} (?, ?)");
        Expr::cust_with_exprs(template, bound)
    }
}

/// The whole units of a decimal, rounded down, and whether that is all of it.
fn floor_units(decimal: Decimal, scale: u32) -> (i128, bool) {
    let (mantissa, places) = (decimal.mantissa(), decimal.scale());
    match scale.checked_sub(places) {
        Some(up) => {
            let most = if mantissa < 0 { i128::MIN } else { i128::MAX };
            let tens = 10_i128.checked_pow(up);
            let product = tens.and_then(|t| mantissa.checked_mul(t));
            (product.unwrap_or(most), true)
        }
        None => {
            // A decimal has at most 28 places.
            let tens = 10_i128.pow(places - scale);
            (mantissa.div_euclid(tens), mantissa.rem_euclid(tens) == 0)
        }
    }
}
