//! The command line.

use std::net::TcpListener;

use super::Place;

#[test]
fn help_is_complete_and_misuse_is_status_2() {
    let place = Place::new();
    let help = place.run(&["--help"]);
    assert_eq!(help.code, 0);
    for word in [
        "serve",
        "migrate",
        "user",
        "token",
        "audit",
        "backup",
        "check",
        "doctor",
        "config",
        "openapi",
        "export",
        "import",
        "--config",
        "--database-url",
    ] {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
    for (arguments, words) in [
        (
            &["serve", "--help"][..],
            &["--bind", "--demo", "--no-migrate"][..],
        ),
        (&["migrate", "--help"], &["up", "down", "status"]),
        (&["user", "--help"], &["create", "list", "disable", "reset"]),
        (
            &["user", "create", "--help"],
            &["--email", "--superuser", "--role", "--password-stdin"],
        ),
        (
            &["token", "create", "--help"],
            &["--user", "--name", "--scope", "--expires"],
        ),
        (&["audit", "verify", "--help"], &["--head"]),
    ] {
        let help = place.run(arguments);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{arguments:?}");
        for word in words {
            assert!(help.out.contains(word), "{word}: {}", help.out);
        }
    }
    for arguments in [
        &[][..],
        &["sail"],
        &["serve", "--nothing"],
        &["user", "create"],
        &["user", "create", "ada"],
        &["token", "revoke", "x"],
        &["migrate", "sideways"],
        &["export"],
        &["export", "author", "--format", "xml"],
        &["import", "author"],
        &["import", "author", "x.csv", "--mode", "guess"],
    ] {
        let ran = place.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(!ran.err.is_empty());
    }
    assert!(
        !place.database().exists(),
        "none of these opens the database"
    );
}

#[test]
fn bad_settings_stop_every_command_and_name_themselves() {
    let place = Place::new();
    for (name, value) in [
        ("QUARTERDECK_BIND", "nowhere"),
        ("QUARTERDECK_SESSION_INACTIVITY_HOURS", "soon"),
        ("QUARTERDECK_SESSION_INACTIVITY_HUORS", "1"),
        ("QUARTERDECK_DATABASE_URL", "oracle://x"),
        ("INTERNAL_API_SECRET", "q8Zt1vN4yB7wKx2m"),
        ("INTERNAL_API_SECRET", ""),
        (
            "INTERNAL_API_SECRET",
            "change-me-change-me-change-me-change-me-now",
        ),
    ] {
        for command in ["serve", "config", "check"] {
            let ran = place.command(&[command]).env(name, value).output().unwrap();
            let err = String::from_utf8(ran.stderr).unwrap();
            assert_eq!(
                ran.status.code(),
                Some(1),
                "{command} {name}={value}: {err}"
            );
            assert!(err.contains(name), "{err}");
            assert!(
                name != "INTERNAL_API_SECRET" || value.is_empty() || !err.contains(value),
                "{err}"
            );
        }
    }
    let tiny = place
        .command(&["config"])
        .env("QUARTERDECK_SESSION_INACTIVITY_HOURS", "0.0005")
        .output();
    assert!(tiny.unwrap().status.success());
}

#[test]
fn a_port_that_is_taken_stops_the_start_before_anything_is_done() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = taken.local_addr().unwrap().to_string();
    let ran = place.run(&["serve", "--bind", &bind]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains(&bind) && ran.out.is_empty(), "{ran:?}");
    assert!(!place.database().exists());
}

#[test]
fn config_names_each_source_and_masks_secrets() {
    let place = Place::new();
    std::fs::write(
        place.path().join("quarterdeck.toml"),
        "[server]\nbody_limit = \"1 MB\"\n",
    )
    .unwrap();
    let secret = "q8Zt1vN4yB7wKx2mP5rJ9sDfGhLc3eVa";
    let mut command = place.command(&["config"]);
    command.env("INTERNAL_API_SECRET", secret);
    command.env(
        "QUARTERDECK_DATABASE_URL",
        "postgres://ada:sesame@db.test/desk",
    );
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let line = |name: &str| {
        text.lines()
            .find(|l| l.starts_with(name))
            .unwrap_or_else(|| panic!("{name}: {text}"))
    };
    assert!(line("server.body_limit").contains("quarterdeck.toml"));
    assert!(line("database.url").contains("QUARTERDECK_DATABASE_URL"));
    assert!(line("server.keep_alive_seconds").contains("default"));
    assert!(!text.contains(secret) && !text.contains("sesame"), "{text}");
}

#[test]
fn check_and_doctor_tell_the_state_and_openapi_the_document() {
    let place = Place::new();
    let check = place.run(&["check", "--demo"]);
    assert_eq!(check.code, 0, "{check:?}");
    assert!(check.out.contains("no errors"));
    for arguments in [&["migrate"][..], &["migrate", "down"]] {
        assert_eq!(place.run(arguments).code, 0, "{arguments:?}");
    }
    let before = place.run(&["doctor"]);
    assert!(
        before.code == 0 && before.out.contains(" 1 pending"),
        "{before:?}"
    );
    assert_eq!(place.run(&["migrate"]).code, 0);
    let after = place.run(&["doctor"]);
    assert!(
        after.out.contains("0 pending") && after.out.contains("none yet"),
        "{after:?}"
    );
    let document = place.run(&["openapi", "--demo"]);
    let document: serde_json::Value = serde_json::from_str(&document.out).expect("json alone");
    assert!(document["paths"]["/api/v1/book"].is_object());
    let nobody = place.run(&["openapi", "--user", "nobody"]);
    assert!(
        nobody.code == 1 && nobody.err.contains("nobody"),
        "{nobody:?}"
    );
    let nowhere = place.run(&[
        "doctor",
        "--database-url",
        "sqlite:///no/such/folder/x.sqlite",
    ]);
    assert_eq!(nowhere.code, 1, "{nowhere:?}");
}

#[test]
fn commands_that_look_make_no_database_where_there_is_none() {
    let place = Place::new();
    for arguments in [
        &["doctor"][..],
        &["audit", "verify"],
        &["backup", "copy.sqlite"],
        &["export", "qd_user"],
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, 1, "{arguments:?} {ran:?}");
        let says = format!("There is no database {}.", place.database().display());
        assert!(ran.err.contains(&says), "{arguments:?} {ran:?}");
        let left = std::fs::read_dir(place.path()).expect("the folder");
        assert_eq!(left.count(), 0, "{arguments:?}");
    }
}

#[test]
fn migrations_go_up_and_down_and_tell_where_they_are() {
    let place = Place::new();
    let status = place.run(&["migrate", "status"]);
    assert!(
        status.code == 0 && status.out.contains("pending") && !status.out.contains("applied"),
        "{status:?}"
    );
    let up = place.run(&["migrate", "up"]);
    assert!(up.code == 0 && up.out.contains("applied "), "{up:?}");
    let again = place.run(&["migrate"]);
    assert_eq!((again.code, again.out.trim()), (0, "nothing to do"));
    let status = place.run(&["migrate", "status"]);
    assert!(!status.out.contains("pending"), "{status:?}");
    let down = place.run(&["migrate", "down"]);
    assert!(
        down.code == 0 && down.out.contains("took back "),
        "{down:?}"
    );
    let demo = place.run(&["migrate", "up", "--demo"]);
    assert!(demo.code == 0 && demo.out.lines().count() > 1, "{demo:?}");
    let plain = place.run(&["migrate", "status"]);
    assert!(plain.out.contains("not part of this program"), "{plain:?}");
}

#[test]
fn users_are_made_listed_suspended_and_given_new_passwords() {
    let place = Place::new();
    let create = [
        "user",
        "create",
        "ada",
        "--email",
        "ada@desk.test",
        "--password-stdin",
    ];
    let made = place.feed(&create, "correct horse\n");
    assert_eq!(
        (made.code, made.out.trim()),
        (0, "made the user ada"),
        "{made:?}"
    );
    let again = place.feed(&create, "correct horse\n");
    assert!(
        again.code == 1 && !again.err.is_empty() && !again.err.contains("UNIQUE"),
        "{again:?}"
    );
    for weak in ["", "short", "password123"] {
        let refused = place.feed(&["user", "create", "eve", "--password-stdin"], weak);
        assert_eq!(refused.code, 1, "{weak} {refused:?}");
    }
    let role = place.feed(
        &[
            "user",
            "create",
            "eve",
            "--role",
            "nobody",
            "--password-stdin",
        ],
        "correct horse",
    );
    assert_eq!(role.code, 1, "{role:?}");
    let list = place.run(&["user", "list"]);
    assert!(
        list.out.contains("ada") && !list.out.contains("eve"),
        "{list:?}"
    );
    assert!(!list.out.contains("argon2"));
    for (arguments, input) in [
        (&["user", "disable", "ada"][..], ""),
        (&["user", "reset", "ada"], "another horse"),
    ] {
        let done = place.feed(arguments, input);
        assert_eq!(done.code, 0, "{arguments:?} {done:?}");
    }
    for arguments in [["user", "disable", "nobody"], ["user", "reset", "nobody"]] {
        let done = place.feed(&arguments, "another horse");
        assert!(done.code == 1 && done.err.contains("nobody"), "{done:?}");
    }
}

#[test]
fn r21_token_create_prints_the_token_alone_and_no_list_shows_it() {
    let place = Place::new();
    place.feed(
        &["user", "create", "ada", "--password-stdin"],
        "correct horse",
    );
    let made = place.run(&[
        "token",
        "create",
        "--user",
        "ada",
        "--scope",
        "author:list,read",
        "--expires",
        "90d",
    ]);
    assert_eq!((made.code, made.err.as_str()), (0, ""), "{made:?}");
    let token = made.out.strip_suffix('\n').expect("one line");
    assert!(token.starts_with("qd_") && token.len() == 52 && !token.contains(char::is_whitespace));
    let list = place.run(&["token", "list"]);
    assert!(
        list.out.contains(&token[..11]) && !list.out.contains(token),
        "{list:?}"
    );
    for arguments in [
        &["token", "create", "--user", "nobody"][..],
        &["token", "create", "--user", "ada", "--scope", "author"],
        &["token", "create", "--user", "ada", "--scope", "author:sail"],
        &["token", "create", "--user", "ada", "--expires", "soon"],
        &["token", "create", "--user", "ada", "--expires", "-1d"],
        &["token", "revoke", "99"],
    ] {
        let ran = place.run(arguments);
        assert!(
            ran.code != 0 && ran.out.is_empty() && !ran.err.is_empty(),
            "{arguments:?} {ran:?}"
        );
    }
    assert_eq!(place.run(&["token", "revoke", "1"]).code, 0);
    assert!(place.run(&["token", "list"]).out.contains("revoked"));
}

#[test]
fn export_writes_what_the_list_would_show_to_standard_output() {
    let place = Place::new();
    place.token();
    let ran = place.run(&[
        "export",
        "qd_user",
        "--format",
        "ndjson",
        "--where",
        "fields=id,username&username=root",
    ]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "{\"id\":1,\"username\":\"root\"}\n"),
        "{ran:?}"
    );
    let ran = place.run(&["export", "qd_user", "--where", "fields=username,email"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "username,email\r\nroot,\r\n"),
        "{ran:?}"
    );
    for (arguments, says) in [
        (&["export", "nothing"][..], "no model nothing"),
        (
            &["export", "qd_user", "--where", "fields=password_hash"],
            "password_hash",
        ),
        (&["export", "qd_user", "--where", "nothing=1"], "nothing"),
        (&["export", "qd_user", "--where", "format=csv"], "once"),
    ] {
        let ran = place.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{arguments:?}");
        assert!(ran.err.contains(says), "{arguments:?}: {}", ran.err);
    }
}
