//! The names that exist, taken from the default file, so that no second list can drift from it.

use toml::{Table, Value};

use super::DEFAULTS;

/// One setting by its name in a file and in the environment.
pub(super) struct Key {
    /// `section.key`.
    pub(super) name: String,
    /// Its variable in the environment.
    pub(super) variable: String,
    /// The default, or an example where there is none: it tells the type of an environment text.
    pub(super) example: Value,
}

/// Every setting, also those that have no default.
pub(super) fn all() -> Result<Vec<Key>, toml::de::Error> {
    let table: Table = uncommented(DEFAULTS).parse()?;
    let mut keys = Vec::new();
    for (section, entries) in table {
        if let Value::Table(entries) = entries {
            keys.extend(entries.into_iter().map(|(key, example)| Key {
                name: format!("{section}.{key}"),
                variable: variable(&section, &key),
                example,
            }));
        }
    }
    Ok(keys)
}

/// A line `#key = …` is a setting without a default; `# text` is prose.
fn uncommented(text: &str) -> String {
    let is_setting = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
    text.lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| is_setting(rest))
                .unwrap_or(line)
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn variable(section: &str, key: &str) -> String {
    match (section, key) {
        ("server", "bind") => "QUARTERDECK_BIND".to_owned(),
        ("server", "public_url") => "QUARTERDECK_PUBLIC_URL".to_owned(),
        ("internal", "secret") => "INTERNAL_API_SECRET".to_owned(),
        ("internal", "previous_secret") => "INTERNAL_API_SECRET_PREVIOUS".to_owned(),
        _ => regular_variable(&format!("{section}.{key}")),
    }
}

/// `QUARTERDECK_<SECTION>_<KEY>`, which is also what people try first for the four exceptions.
pub(super) fn regular_variable(name: &str) -> String {
    format!("QUARTERDECK_{}", name.replace('.', "_").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_follow_the_rule_and_its_four_exceptions() {
        let keys = all().unwrap();
        let variable = |name: &str| {
            keys.iter()
                .find(|key| key.name == name)
                .map(|key| key.variable.as_str())
                .unwrap()
        };
        for (name, expected) in [
            ("server.bind", "QUARTERDECK_BIND"),
            ("server.public_url", "QUARTERDECK_PUBLIC_URL"),
            ("server.body_limit", "QUARTERDECK_SERVER_BODY_LIMIT"),
            ("database.url", "QUARTERDECK_DATABASE_URL"),
            (
                "session.inactivity_hours",
                "QUARTERDECK_SESSION_INACTIVITY_HOURS",
            ),
            ("session.max_days", "QUARTERDECK_SESSION_MAX_DAYS"),
            (
                "rate_limit.per_address",
                "QUARTERDECK_RATE_LIMIT_PER_ADDRESS",
            ),
            (
                "rate_limit.per_principal",
                "QUARTERDECK_RATE_LIMIT_PER_PRINCIPAL",
            ),
            ("rate_limit.login", "QUARTERDECK_RATE_LIMIT_LOGIN"),
            ("internal.secret", "INTERNAL_API_SECRET"),
            ("internal.previous_secret", "INTERNAL_API_SECRET_PREVIOUS"),
        ] {
            assert_eq!(variable(name), expected);
        }
    }
}
