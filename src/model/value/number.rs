//! Texts as numbers, exact or refused.

use std::str::FromStr as _;

use rust_decimal::Decimal;
use sea_orm::Value;

use crate::model::{IntSize, Kind};

use super::{Misfit, misfit};

/// `5`, `5.0` and `5e0` are the same whole number (JSON Schema, section 4.2.3).
pub(super) fn whole(text: &str) -> Result<String, Misfit> {
    if !text.contains(['.', 'e', 'E']) {
        return Ok(text.to_owned());
    }
    match text.parse::<f64>() {
        Ok(f) if f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0 => Ok(format!("{f:.0}")),
        _ => misfit("type", "must be a whole number"),
    }
}

pub(super) fn integer(size: IntSize, text: &str) -> Result<Value, Misfit> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return misfit("type", "must be a whole number");
    }
    let (min, max) = size.range();
    let fits = text
        .parse::<i128>()
        .ok()
        .filter(|n| (min..=max).contains(n));
    let Some(n) = fits else {
        return misfit("out_of_range", format!("must be between {min} and {max}"));
    };
    // The range check above makes each of these conversions exact.
    Ok(match size {
        IntSize::I8 => Value::TinyInt(i8::try_from(n).ok()),
        IntSize::I16 => Value::SmallInt(i16::try_from(n).ok()),
        IntSize::I32 => Value::Int(i32::try_from(n).ok()),
        IntSize::I64 => Value::BigInt(i64::try_from(n).ok()),
        IntSize::U8 => Value::TinyUnsigned(u8::try_from(n).ok()),
        IntSize::U16 => Value::SmallUnsigned(u16::try_from(n).ok()),
        IntSize::U32 => Value::Unsigned(u32::try_from(n).ok()),
        IntSize::U64 => Value::BigUnsigned(u64::try_from(n).ok()),
    })
}

pub(super) fn float(kind: &Kind, text: &str) -> Result<Value, Misfit> {
    // `inf` and `NaN` parse in Rust, but are no JSON.
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    match text.parse::<f64>() {
        Ok(f) if plain && kind == &Kind::Double && f.is_finite() => Ok(f.into()),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a 32-bit column holds 32 bits"
        )]
        Ok(f) if plain && kind == &Kind::Float && (f as f32).is_finite() => Ok((f as f32).into()),
        Ok(_) if plain => misfit("out_of_range", "is too large"),
        _ => misfit("type", "must be a number"),
    }
}

pub(super) fn decimal(size: Option<(u32, u32)>, text: &str) -> Result<Value, Misfit> {
    let parsed = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text)
    } else {
        Decimal::from_str_exact(text)
    };
    let shape = text.strip_prefix('-').unwrap_or(text);
    let looks = shape.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && shape
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    let number = match parsed {
        Ok(number) if looks => number,
        Err(rust_decimal::Error::Underflow | rust_decimal::Error::ExceedsMaximumPossibleValue)
            if looks =>
        {
            return misfit("out_of_range", "has more digits than can be kept exactly");
        }
        _ if looks && shape.len() > 28 => {
            return misfit("out_of_range", "has more digits than can be kept exactly");
        }
        _ => return misfit("type", "must be a decimal such as \"12.50\""),
    };
    if let Some((precision, scale)) = size {
        let number = number.normalize();
        if number.scale() > scale {
            return misfit(
                "inexact",
                format!("can have at most {scale} decimal places"),
            );
        }
        let whole_digits = precision.saturating_sub(scale);
        let limit = Decimal::from_str(&format!("1{}", "0".repeat(whole_digits as usize)));
        if limit.is_ok_and(|limit| number.abs() >= limit) {
            let detail = format!("can have at most {whole_digits} digits before the point");
            return misfit("out_of_range", detail);
        }
    }
    Ok(number.into())
}
