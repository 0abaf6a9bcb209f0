//! Section `[log]`: how log lines look and which are written.

use tracing_subscriber::EnvFilter;

use super::reader::Reader;

/// Log lines.
#[derive(Clone, Debug)]
pub struct Log {
    /// Their form.
    pub format: LogFormat,
    /// A level, or a list of `target=level`.
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            format: reader.text("log.format", LogFormat::Text, |text| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("expected text or json".to_owned()),
            }),
            level: reader.text("log.level", String::new(), level),
        }
    }
}

/// A word alone must be a level: the filter would take `inof` for a module and log all of it.
fn level(text: &str) -> Result<String, String> {
    let expected =
        || "expected off, error, warn, info, debug or trace, or a list of module=level".to_owned();
    let is_level = |word: &str| {
        ["off", "error", "warn", "info", "debug", "trace"].contains(&word.to_lowercase().as_str())
    };
    let parts = || text.split(',').map(str::trim);
    if !parts().all(|part| part.contains('=') || is_level(part)) {
        return Err(expected());
    }
    EnvFilter::try_new(text).map_err(|_| expected())?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_or_a_list() {
        for text in [
            "info",
            "OFF",
            "info,quarterdeck::crud=debug",
            "sqlx=warn, info",
        ] {
            assert!(level(text).is_ok(), "{text}");
        }
        for text in ["", "inof", "info,quarterdeck", "quarterdeck=loud", "info,"] {
            assert!(level(text).is_err(), "{text}");
        }
    }
}
