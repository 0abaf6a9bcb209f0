//! Where a setting comes from, what is refused, and what is never shown.

mod plugins;
mod secrets;

use std::collections::BTreeSet;
use std::time::Duration;

use rstest::rstest;

use super::*;

const SECRET: &str = "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eVa";

fn from_variables(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::new(variables.iter().copied()).in_directory(folder.path());
    Config::resolve(&Options::default(), &environment)
}

fn from_file(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("quarterdeck.toml"), text).unwrap();
    let environment = Environment::default().in_directory(folder.path());
    Config::resolve(&Options::default(), &environment)
}

fn faults(result: Result<Config, ConfigError>) -> Vec<String> {
    result
        .unwrap_err()
        .faults
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn setting(config: &Config, name: &str) -> (String, String) {
    let found = config
        .explain()
        .into_iter()
        .find(|setting| setting.name == name)
        .unwrap();
    (found.value, found.source)
}

#[test]
fn the_default_file_and_the_structs_agree_in_both_directions() {
    let in_file: BTreeSet<String> = keys::all()
        .unwrap()
        .into_iter()
        .map(|key| key.name)
        .collect();
    let read: Vec<String> = Config::default()
        .explain()
        .into_iter()
        .map(|s| s.name)
        .collect();
    assert_eq!(read.iter().cloned().collect::<BTreeSet<_>>(), in_file);
    assert_eq!(read.len(), in_file.len(), "a setting is read twice");
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = Config::default();
    assert_eq!(config.server.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.server.body_limit, 10_000_000);
    assert_eq!(config.server.shutdown, Duration::from_secs(30));
    assert_eq!(config.server.root_redirect.as_deref(), Some("/admin"));
    assert_eq!(config.database.url.expose(), "sqlite://quarterdeck.db");
    assert_eq!(config.database.sqlite_synchronous, SqliteSynchronous::Full);
    assert_eq!(config.session.inactivity, Duration::from_secs(72 * 3_600));
    assert_eq!(config.session.max_age, Duration::from_secs(30 * 86_400));
    assert_eq!(
        (
            config.rate_limit.per_address,
            config.rate_limit.per_principal
        ),
        (60, 1_200)
    );
    assert_eq!(
        (config.query.default_limit, config.query.max_limit),
        (25, 100)
    );
    assert!(config.database.migrate && !config.server.is_https());
}

#[test]
fn r01_the_default_hash_costs_what_owasp_asks() {
    let password = Config::default().password;
    let cost = (
        password.memory_kib,
        password.iterations,
        password.parallelism,
    );
    assert_eq!(cost, (19_456, 2, 1));
}

#[test]
fn r05_there_is_no_default_secret() {
    assert!(!Config::default().internal.is_on());
}

#[test]
fn later_layers_win_and_each_value_knows_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[server]\nbind = \"0.0.0.0:1\"\nbody_limit = 2000\nrequest_seconds = 5\n";
    std::fs::write(folder.path().join("my.toml"), file).unwrap();
    let variables = [
        ("QUARTERDECK_CONFIG", "my.toml"),
        ("QUARTERDECK_BIND", "0.0.0.0:2"),
        ("QUARTERDECK_SERVER_BODY_LIMIT", "3 KB"),
    ];
    let environment = Environment::new(variables).in_directory(folder.path());
    let options = Options {
        bind: Some("0.0.0.0:3".to_owned()),
        ..Options::default()
    };
    let config = Config::resolve(&options, &environment).unwrap();

    assert_eq!(config.server.bind.port(), 3);
    assert_eq!(config.server.body_limit, 3_000);
    assert_eq!(config.server.request, Duration::from_secs(5));
    for (name, value, source) in [
        ("server.bind", "\"0.0.0.0:3\"", "flag --bind"),
        (
            "server.body_limit",
            "\"3 KB\"",
            "environment QUARTERDECK_SERVER_BODY_LIMIT",
        ),
        ("server.request_seconds", "5", "file my.toml"),
        ("server.keep_alive_seconds", "60", "default"),
        ("server.public_url", "", "default"),
        ("server.cors_origins", "[]", "default"),
    ] {
        assert_eq!(
            setting(&config, name),
            (value.to_owned(), source.to_owned()),
            "{name}"
        );
    }
}

#[test]
fn every_flag_reaches_its_setting() {
    let options = Options {
        config: None,
        bind: Some("[::1]:9".to_owned()),
        database_url: Some("mysql://u:hush@h/d".to_owned()),
        no_migrate: true,
    };
    let config = Config::resolve(&options, &Environment::default()).unwrap();
    assert_eq!(config.server.bind.to_string(), "[::1]:9");
    assert_eq!(config.database.url.kind(), DatabaseKind::Mysql);
    assert!(!config.database.migrate);
    assert_eq!(setting(&config, "database.migrate").1, "flag --no-migrate");
    assert!(!format!("{options:?}").contains("hush"));
}

#[test]
fn the_environment_is_read_in_the_type_of_the_setting() {
    let config = from_variables(&[
        ("QUARTERDECK_DATABASE_URL", "postgres://u@h/1"),
        ("QUARTERDECK_DATABASE_MIGRATE", "0"),
        ("QUARTERDECK_SESSION_INACTIVITY_HOURS", "0.5"),
        ("QUARTERDECK_SESSION_MAX_DAYS", "1"),
        ("QUARTERDECK_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("QUARTERDECK_SERVER_CORS_ORIGINS", ""),
        ("QUARTERDECK_PUBLIC_URL", "https://desk.example.org/"),
        ("QUARTERDECK_RATE_LIMIT_LOGIN", "7"),
        ("QUARTERDECK_LOG_FORMAT", "json"),
    ])
    .unwrap();
    assert_eq!(config.database.url.kind(), DatabaseKind::Postgres);
    assert!(!config.database.migrate);
    assert_eq!(config.session.inactivity, Duration::from_secs(1_800));
    assert_eq!(config.session.max_age, Duration::from_secs(86_400));
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert!(config.server.cors_origins.is_empty());
    assert_eq!(
        config.server.public_url.as_deref(),
        Some("https://desk.example.org")
    );
    assert!(config.server.is_https());
    assert_eq!(config.rate_limit.login, 7);
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn a_text_of_digits_stays_a_text() {
    let digits = "73019428561730495826170394852617";
    let config = from_variables(&[("INTERNAL_API_SECRET", digits)]).unwrap();
    assert!(config.internal.accepts(digits));
}

#[test]
fn every_fault_of_every_layer_is_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[server]\nrequest_seconds = \"long\"\ncolour = 1\n[query]\nmax_limit = 5\n";
    std::fs::write(folder.path().join("quarterdeck.toml"), file).unwrap();
    let variables = [
        ("QUARTERDECK_SESSION_MAX_DAYS", "-1"),
        ("QUARTERDECK_TYPO", "1"),
    ];
    let environment = Environment::new(variables).in_directory(folder.path());
    let options = Options {
        bind: Some("here".to_owned()),
        ..Options::default()
    };
    let faults = faults(Config::resolve(&options, &environment));
    for beginning in [
        "server.colour (file quarterdeck.toml): there is no such setting",
        "QUARTERDECK_TYPO (environment): there is no such setting",
        "server.bind = \"here\" (flag --bind): expected an address",
        "server.request_seconds = \"long\" (file quarterdeck.toml): expected a whole number",
        "session.max_days = -1 (environment QUARTERDECK_SESSION_MAX_DAYS): expected a number",
        "query.default_limit = 25 (default): expected at most query.max_limit, which is 5",
    ] {
        assert!(
            faults.iter().any(|fault| fault.starts_with(beginning)),
            "{beginning}\n{faults:#?}"
        );
    }
    assert_eq!(faults.len(), 6, "{faults:#?}");
}

#[rstest]
#[case("QUARTERDECK_BNID", "QUARTERDECK_BIND")]
#[case("QUARTERDECK_SERVER_BIND", "QUARTERDECK_BIND")]
#[case("QUARTERDECK_INTERNAL_SECRET", "INTERNAL_API_SECRET")]
#[case(
    "QUARTERDECK_RATE_LIMIT_PER_ADRESS",
    "QUARTERDECK_RATE_LIMIT_PER_ADDRESS"
)]
#[case("QUARTERDECK_DATABSE_URL", "QUARTERDECK_DATABASE_URL")]
fn a_misspelt_variable_names_the_nearest(#[case] variable: &str, #[case] near: &str) {
    let faults = faults(from_variables(&[(variable, "1")]));
    let expected =
        format!("{variable} (environment): there is no such setting; did you mean {near}?");
    assert_eq!(faults, [expected]);
}

#[test]
fn a_misspelt_key_or_section_of_a_file_names_the_nearest() {
    let faults = faults(from_file(
        "bind = \"x\"\n[sever]\nbind = \"x\"\n[server]\nbin = \"x\"\n",
    ));
    assert_eq!(faults.len(), 3, "{faults:#?}");
    for subject in ["bind", "sever.bind", "server.bin"] {
        assert!(
            faults
                .iter()
                .any(|fault| fault.starts_with(&format!("{subject} ("))),
            "{subject}"
        );
    }
    assert!(
        faults
            .iter()
            .filter(|f| f.ends_with("did you mean server.bind?"))
            .count()
            >= 2
    );
}

#[test]
fn variables_of_tests_benches_and_strangers_are_left_alone() {
    let config = from_variables(&[
        ("QUARTERDECK_TEST_POSTGRES", "postgres://h/"),
        ("QUARTERDECK_BENCH_ROWS", "1"),
        ("QUARTERDECK_CHINOOK_FILE", "x"),
        ("QUARTERDECK_TOOLS", "x"),
        ("QUARTERDECK", "x"),
        ("PATH", "/bin"),
    ]);
    assert!(config.is_ok(), "{config:?}");
}

#[test]
fn a_named_file_must_be_there_and_the_usual_one_need_not() {
    assert!(from_variables(&[]).is_ok());
    let faults = faults(from_variables(&[("QUARTERDECK_CONFIG", "absent.toml")]));
    assert!(
        faults[0].starts_with("settings (file absent.toml): cannot be read"),
        "{faults:#?}"
    );
}

#[test]
fn the_default_file_can_be_copied_as_it_is() {
    assert!(from_file(DEFAULTS).is_ok());
}

#[test]
fn a_lane_has_its_memory() {
    let faults = faults(from_file("[password]\nmemory_kib = 8\nparallelism = 2\n"));
    assert!(faults[0].contains("at least 16"), "{faults:#?}");
}
