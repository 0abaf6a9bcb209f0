//! Settings that belong to plugins.

use super::*;

fn of_plugin(config: &Config, name: &str) -> Vec<(String, String)> {
    let own = config.plugins().iter();
    own.filter_map(|s| Some((s.key_of(name)?.to_owned(), s.value.expose().to_owned())))
        .collect()
}

#[test]
fn settings_of_plugins_come_from_the_file_and_the_environment_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[plugin.webhooks]\nshop_secret = \"old-hush\"\nbank_secret = \"bank-hush\"\n";
    std::fs::write(folder.path().join("quarterdeck.toml"), file).unwrap();
    let variables = [
        ("QUARTERDECK_PLUGIN_WEBHOOKS_SHOP_SECRET", "new-hush"),
        ("QUARTERDECK_PLUGIN_MAIL_HOST", "host-hush"),
    ];
    let environment = Environment::new(variables).in_directory(folder.path());
    let config = Config::resolve(&Options::default(), &environment).unwrap();
    let own = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        of_plugin(&config, "webhooks"),
        [
            own("bank_secret", "bank-hush"),
            own("shop_secret", "new-hush")
        ]
    );
    assert_eq!(of_plugin(&config, "mail"), [own("host", "host-hush")]);
    for (name, source) in [
        ("plugin.webhooks.bank_secret", "file quarterdeck.toml"),
        (
            "plugin.webhooks.shop_secret",
            "environment QUARTERDECK_PLUGIN_WEBHOOKS_SHOP_SECRET",
        ),
        (
            "plugin.mail_host",
            "environment QUARTERDECK_PLUGIN_MAIL_HOST",
        ),
    ] {
        let masked = ("\"********\"".to_owned(), source.to_owned());
        assert_eq!(setting(&config, name), masked, "{name}");
    }
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn a_table_of_a_plugin_holds_texts_under_plain_names() {
    let file =
        "[plugin]\nloose = 1\n[plugin.webhooks]\nshop_secret = 1\n\"Shop.Secret\" = \"hush\"\n";
    let faults = faults(from_file(file));
    for beginning in [
        "plugin.loose (file quarterdeck.toml): expected a table",
        "plugin.webhooks.shop_secret (file quarterdeck.toml): expected a text",
        "plugin.webhooks.Shop.Secret (file quarterdeck.toml): names of plugins",
    ] {
        assert!(
            faults.iter().any(|fault| fault.starts_with(beginning)),
            "{beginning}\n{faults:#?}"
        );
    }
    assert_eq!(faults.len(), 3, "{faults:#?}");
    assert!(!faults.concat().contains("hush"));
}
