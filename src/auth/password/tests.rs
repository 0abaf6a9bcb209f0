//! Hashing against known answers, the strength of passwords, and the limits of the queue.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Version};
use rstest::rstest;

use super::*;

/// The cheapest settings that Argon2 accepts: the tests are about rules, not about cost.
fn cheap() -> config::Password {
    config::Password {
        min_length: 8,
        memory_kib: 8,
        iterations: 1,
        parallelism: 1,
        max_parallel: 2,
        queue: 8,
    }
}

fn passwords() -> Passwords {
    Passwords::new(&cheap()).unwrap()
}

#[tokio::test]
async fn r01_the_stored_hash_is_argon2id_at_the_configured_cost() {
    let settings = config::Password {
        memory_kib: 64,
        iterations: 3,
        parallelism: 2,
        ..cheap()
    };
    let stored = Passwords::new(&settings)
        .unwrap()
        .hash("correct horse")
        .await
        .unwrap();
    assert!(
        stored.starts_with("$argon2id$v=19$m=64,t=3,p=2$"),
        "{stored}"
    );
    let hash = PasswordHash::new(&stored).unwrap();
    assert_eq!(hash.salt.unwrap().len(), 16);
    assert_eq!(hash.hash.unwrap().len(), 32);
}

#[tokio::test]
async fn r01_two_hashes_of_one_password_differ() {
    let passwords = passwords();
    let first = passwords.hash("correct horse").await.unwrap();
    assert_ne!(first, passwords.hash("correct horse").await.unwrap());
}

#[tokio::test]
async fn r01_a_change_of_cost_asks_for_a_new_hash_and_the_old_one_still_opens() {
    let stored = passwords().hash("correct horse").await.unwrap();
    assert!(!passwords().needs_rehash(&stored));
    for dearer in [
        config::Password {
            memory_kib: 16,
            ..cheap()
        },
        config::Password {
            iterations: 2,
            ..cheap()
        },
        config::Password {
            memory_kib: 16,
            parallelism: 2,
            ..cheap()
        },
    ] {
        let dearer = Passwords::new(&dearer).unwrap();
        assert!(dearer.needs_rehash(&stored));
        let verdict = dearer
            .turn()
            .await
            .unwrap()
            .verify("correct horse", Some(&stored))
            .await
            .unwrap();
        assert_eq!(verdict, Verdict::Right { rehash: true });
    }
}

#[rstest]
#[case::another_algorithm(Algorithm::Argon2i, Version::V0x13, 32)]
#[case::the_old_version(Algorithm::Argon2id, Version::V0x10, 32)]
#[case::a_short_output(Algorithm::Argon2id, Version::V0x13, 16)]
#[tokio::test]
async fn r01_a_hash_of_another_making_opens_and_is_replaced(
    #[case] algorithm: Algorithm,
    #[case] version: Version,
    #[case] length: usize,
) {
    let other = Argon2::new(
        algorithm,
        version,
        Params::new(8, 1, 1, Some(length)).unwrap(),
    );
    let stored: PasswordHash = other.hash_password(b"correct horse").unwrap();
    let verdict = async |password: &str| {
        passwords()
            .turn()
            .await
            .unwrap()
            .verify(password, Some(&stored.to_string()))
            .await
            .unwrap()
    };
    assert_eq!(
        verdict("correct horse").await,
        Verdict::Right { rehash: true }
    );
    assert_eq!(verdict("wrong horse").await, Verdict::Wrong);
}

#[tokio::test]
async fn r01_our_hashes_are_those_of_the_reference() {
    let passwords = passwords();
    let stored = passwords.hash("correct horse").await.unwrap();
    let hash = PasswordHash::new(&stored).unwrap();
    let salt = hash.salt.as_ref().unwrap();
    let expected: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, passwords.cost)
        .hash_password_with_salt(b"correct horse", salt.as_ref())
        .unwrap();
    assert_eq!(stored, expected.to_string());
}

#[tokio::test]
async fn a_password_opens_only_its_own_hash() {
    let passwords = passwords();
    let stored = passwords.hash(" Correct horse ").await.unwrap();
    let verdict = async |password: &str| {
        passwords
            .turn()
            .await
            .unwrap()
            .verify(password, Some(&stored))
            .await
            .unwrap()
    };
    assert_eq!(
        verdict(" Correct horse ").await,
        Verdict::Right { rehash: false }
    );
    for other in [
        "",
        "Correct horse",
        " correct horse ",
        " Correct horse \n",
        " Correct hors",
    ] {
        assert_eq!(verdict(other).await, Verdict::Wrong, "{other:?}");
    }
}

#[rstest]
#[case::nobody(None)]
#[case::blank(Some(""))]
#[case::text(Some("correct horse"))]
#[case::no_output(Some("$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg"))]
#[case::foreign(Some("$2b$12$abcdefghijklmnopqrstuuIiNvTvXYbKJr0wN3E2RU1h9L6Zw2S9u"))]
#[case::bad_cost(Some("$argon2id$v=19$m=1,t=0,p=0$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg"))]
#[tokio::test]
async fn a76_without_a_usable_hash_no_password_is_right(#[case] stored: Option<&str>) {
    for password in ["", "correct horse"] {
        assert_eq!(
            passwords()
                .turn()
                .await
                .unwrap()
                .verify(password, stored)
                .await,
            Ok(Verdict::Wrong)
        );
    }
}

#[tokio::test]
async fn a76_even_the_password_of_nobody_opens_no_account() {
    let mut passwords = passwords();
    let stored = passwords.hash("correct horse").await.unwrap();
    passwords.nobody = PasswordHash::new(&stored).unwrap();
    assert_eq!(
        passwords
            .turn()
            .await
            .unwrap()
            .verify("correct horse", None)
            .await,
        Ok(Verdict::Wrong)
    );
}

#[test]
fn r25_the_hash_of_nobody_costs_what_a_real_one_costs() {
    let passwords = passwords();
    let nobody = passwords.nobody.to_string();
    assert!(!passwords.needs_rehash(&nobody), "{nobody}");
    assert_ne!(
        nobody,
        self::passwords().nobody.to_string(),
        "it is not a constant of the program"
    );
}

#[rstest]
#[case::eight("vK3#mQ9z", Ok(()))]
#[case::seven("vK3#mQ9", Err(Weakness::TooShort { min: 8 }))]
#[case::empty("", Err(Weakness::TooShort { min: 8 }))]
#[case::characters_not_bytes("яблоко7", Err(Weakness::TooShort { min: 8 }))]
#[case::cyrillic("яблочко7", Ok(()))]
#[case::emoji("🦀🐙🦑🐠🐡🦈🐳🦐", Ok(()))]
#[case::one_kind_of_character("mquwzkhvytr", Ok(()))]
#[case::blanks_count("  a  b  c", Ok(()))]
#[case::sentence("correct horse battery staple", Ok(()))]
#[case::common("password", Err(Weakness::Common))]
#[case::common_in_capitals("PassWord123", Err(Weakness::Common))]
#[case::keyboard("1qaz2wsx", Err(Weakness::Common))]
#[case::digits("1234567890", Err(Weakness::Common))]
#[case::foreign("contraseña", Err(Weakness::Common))]
fn r03_the_policy_is_length_and_list(
    #[case] password: &str,
    #[case] expected: Result<(), Weakness>,
) {
    assert_eq!(passwords().check(password), expected);
}

#[test]
fn r03_long_passwords_are_welcome_up_to_the_bound() {
    let passwords = passwords();
    let of_length = |bytes: usize| {
        "correct horse "
            .chars()
            .cycle()
            .take(bytes)
            .collect::<String>()
    };
    for bytes in [64, 72, 128, LONGEST] {
        assert_eq!(passwords.check(&of_length(bytes)), Ok(()), "{bytes}");
    }
    assert_eq!(
        passwords.check(&of_length(LONGEST + 1)),
        Err(Weakness::TooLong)
    );
}

#[rstest]
#[case(64)]
#[case(72)]
#[case(73)]
#[case(128)]
#[case(1_024)]
#[tokio::test]
async fn a15_long_passwords_that_differ_in_the_last_byte_differ(#[case] bytes: usize) {
    let passwords = passwords();
    let beginning = "x".repeat(bytes - 1);
    let stored = passwords.hash(&format!("{beginning}a")).await.unwrap();
    let verdict = async |end: &str| {
        passwords
            .turn()
            .await
            .unwrap()
            .verify(&format!("{beginning}{end}"), Some(&stored))
            .await
            .unwrap()
    };
    assert_eq!(verdict("a").await, Verdict::Right { rehash: false });
    assert_eq!(verdict("b").await, Verdict::Wrong);
}

#[tokio::test]
async fn a15_more_than_1024_bytes_are_refused_before_hashing() {
    let nobody_hashes = config::Password {
        max_parallel: 1,
        queue: 0,
        ..cheap()
    };
    let passwords = Passwords::new(&nobody_hashes).unwrap();
    let long = "x".repeat(LONGEST + 1);
    assert_eq!(passwords.hash(&long).await, Err(PasswordError::TooLong));
    assert_eq!(
        passwords.turn().await.unwrap().verify(&long, None).await,
        Err(PasswordError::TooLong)
    );
}

#[tokio::test]
async fn r02_a_fixed_number_of_permits_is_taken_from_the_settings() {
    assert_eq!(passwords().permits(), 2);
    let free = Passwords::new(&config::Password {
        max_parallel: 0,
        ..cheap()
    })
    .unwrap();
    assert!(free.permits() >= 1);
}

#[test]
fn a_cost_that_argon2_refuses_is_an_error() {
    let settings = config::Password {
        memory_kib: 8,
        parallelism: 2,
        ..cheap()
    };
    assert!(matches!(
        Passwords::new(&settings),
        Err(PasswordError::Cost(_))
    ));
}
