//! Typed access to the merged layers. A value that does not fit becomes a fault and a placeholder,
//! so that the rest is still looked at; a configuration with faults is never handed out.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use figment::Figment;
use figment::value::Value;

use super::Setting;
use super::fault::Fault;
use super::secret::Secret;

/// What is printed for a value that must not be seen.
pub(super) const MASK: &str = "\"********\"";

/// Reads settings one by one and keeps what was read and what was wrong.
pub(super) struct Reader<'a> {
    figment: &'a Figment,
    settings: Vec<Setting>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(figment: &'a Figment, faults: Vec<Fault>) -> Self {
        Self {
            figment,
            settings: Vec::new(),
            faults,
        }
    }

    /// Everything that was read, and everything that was wrong.
    pub(super) fn finish(self) -> (Vec<Setting>, Vec<Fault>) {
        (self.settings, self.faults)
    }

    /// A fault of a setting that was read before, for rules between two settings.
    pub(super) fn fault(&mut self, name: &str, message: impl Into<String>) {
        let setting = self.settings.iter().find(|setting| setting.name == name);
        let (value, source) = setting.map_or(("", "default"), |s| (&s.value, &s.source));
        self.faults
            .push(Fault::new(format!("{name} = {value}"), source, message));
    }

    /// A value shown by `show`; `None` when no layer sets it or when it does not fit.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        show: fn(&Value) -> String,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.figment.find_value(name).ok();
        let metadata = self.figment.find_metadata(name);
        let source = metadata.map_or_else(|| "default".to_owned(), |m| m.name.to_string());
        let shown = value.as_ref().map(show).unwrap_or_default();
        self.settings.push(Setting {
            name: name.to_owned(),
            value: shown,
            source,
        });
        match parse(&value?) {
            Ok(parsed) => Some(parsed),
            Err(message) => {
                self.fault(name, message);
                None
            }
        }
    }

    fn required<T>(
        &mut self,
        name: &str,
        placeholder: T,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> T {
        self.optional(name, plain, parse).unwrap_or(placeholder)
    }

    /// A text that `parse` understands.
    pub(super) fn text<T>(
        &mut self,
        name: &str,
        placeholder: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        self.required(name, placeholder, |value| parse(text(value)?))
    }

    /// A number of bytes or a text such as `10 MB`.
    pub(super) fn bytes(&mut self, name: &str, range: RangeInclusive<u64>) -> u64 {
        self.required(name, *range.start(), |value| {
            let bytes = match value {
                Value::String(_, text) => super::bytes::parse(text)?,
                other => whole(other, &(0..=u64::MAX))?,
            };
            within(bytes, &range)
        })
    }

    /// A whole number inside the range.
    pub(super) fn whole<T>(&mut self, name: &str, range: RangeInclusive<T>) -> T
    where
        T: TryFrom<u128> + PartialOrd + Copy + Display,
    {
        self.required(name, *range.start(), |value| whole(value, &range))
    }

    /// Whole seconds.
    pub(super) fn seconds(&mut self, name: &str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.whole(name, range))
    }

    /// Whole milliseconds.
    pub(super) fn milliseconds(&mut self, name: &str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.whole(name, range))
    }

    /// A positive number of units, fractions allowed.
    pub(super) fn span(&mut self, name: &str, unit: Duration, longest: f64) -> Duration {
        self.required(name, unit, |value| {
            let number = match value {
                Value::Num(_, number) => number.to_f64().or_else(|| {
                    let whole = number.to_u128_lossy().and_then(|n| u32::try_from(n).ok());
                    whole.map(f64::from)
                }),
                _ => None,
            };
            number
                .filter(|n| *n > 0.0 && *n <= longest)
                .and_then(|n| Duration::try_from_secs_f64(n * unit.as_secs_f64()).ok())
                .filter(|span| !span.is_zero())
                .ok_or_else(|| format!("expected a number above 0 and up to {longest}"))
        })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        self.required(name, false, |value| match value {
            Value::Bool(_, flag) => Ok(*flag),
            _ => Err("expected true or false".to_owned()),
        })
    }

    /// A list of texts, each of which `parse` understands.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.required(name, Vec::new(), |value| match value {
            Value::Array(_, items) => items.iter().map(|item| parse(text(item)?)).collect(),
            _ => Err("expected a list of texts".to_owned()),
        })
    }

    /// A text that is never shown. It must pass `check`, whose message must not repeat it.
    pub(super) fn secret(
        &mut self,
        name: &str,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Option<Secret> {
        self.optional(
            name,
            |_| MASK.to_owned(),
            |value| {
                let text = text(value)?;
                check(text)?;
                Ok(Secret::new(text))
            },
        )
    }
}

/// The value as it would be written in a file.
pub(super) fn plain(value: &Value) -> String {
    value
        .deserialize::<toml::Value>()
        .map(|value| value.to_string())
        .unwrap_or_default()
}

pub(super) fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "expected a text".to_owned())
}

fn whole<T>(value: &Value, range: &RangeInclusive<T>) -> Result<T, String>
where
    T: TryFrom<u128> + PartialOrd + Copy + Display,
{
    let number = match value {
        Value::Num(_, number) => number.to_u128_lossy().and_then(|n| T::try_from(n).ok()),
        _ => None,
    };
    number.map_or_else(|| Err(expected(range)), |number| within(number, range))
}

fn within<T: PartialOrd + Display>(number: T, range: &RangeInclusive<T>) -> Result<T, String> {
    if range.contains(&number) {
        Ok(number)
    } else {
        Err(expected(range))
    }
}

fn expected<T: Display>(range: &RangeInclusive<T>) -> String {
    format!(
        "expected a whole number from {} to {}",
        range.start(),
        range.end()
    )
}
