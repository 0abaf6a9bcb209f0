//! Secrets are strong, and never shown.

use rstest::rstest;

use super::*;

#[rstest]
#[case::empty("")]
#[case::short("q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eV")]
#[case::known("change-me-change-me-change-me-change-me")]
#[case::one_byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
fn r05_a_weak_secret_stops_the_start_in_every_place(#[case] weak: &str) {
    let in_file = format!("[internal]\nsecret = \"{weak}\"\n");
    let previous = [
        ("INTERNAL_API_SECRET", SECRET),
        ("INTERNAL_API_SECRET_PREVIOUS", weak),
    ];
    for result in [
        from_variables(&[("INTERNAL_API_SECRET", weak)]),
        from_variables(&previous),
        from_file(&in_file),
    ] {
        let faults = faults(result);
        assert_eq!(faults.len(), 1, "{faults:#?}");
        assert!(
            weak.is_empty() || !faults[0].contains(weak),
            "the fault repeats the secret"
        );
    }
}

#[test]
fn a_previous_secret_alone_is_a_fault() {
    let faults = faults(from_variables(&[("INTERNAL_API_SECRET_PREVIOUS", SECRET)]));
    assert!(
        faults[0].contains("expected internal.secret"),
        "{faults:#?}"
    );
}

#[test]
fn neither_debug_nor_explain_shows_a_secret() {
    let config = from_variables(&[
        ("INTERNAL_API_SECRET", SECRET),
        ("QUARTERDECK_DATABASE_URL", "postgres://ann:hush@db/shop"),
    ])
    .unwrap();
    let shown = format!("{config:?} {:?}", config.explain());
    assert!(
        !shown.contains(SECRET) && !shown.contains("hush"),
        "{shown}"
    );
    assert_eq!(
        setting(&config, "database.url").0,
        "\"postgres://ann:***@db/shop\""
    );
    assert_eq!(setting(&config, "internal.secret").0, "\"********\"");
}

#[test]
fn a_fault_never_repeats_a_secret() {
    let broken = format!("[internal]\nsecret = {SECRET}\"\n");
    let wrong_url = from_variables(&[("QUARTERDECK_DATABASE_URL", "oracle://ann:hush@db/shop")]);
    let wrong_type = from_file(&format!("[internal]\nsecret = [\"{SECRET}\"]\n"));
    let shown = [
        faults(from_file(&broken)),
        faults(wrong_url),
        faults(wrong_type),
    ]
    .concat();
    assert_eq!(shown.len(), 3, "{shown:#?}");
    assert!(
        shown[0].contains("(file quarterdeck.toml, line 2)"),
        "{}",
        shown[0]
    );
    assert!(
        !shown.concat().contains(SECRET) && !shown.concat().contains("hush"),
        "{shown:#?}"
    );
}
