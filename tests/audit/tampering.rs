//! Rows and seals changed, removed, swapped, put in: `verify` names the row.

use quarterdeck::app::App;

use super::stage::{drop_triggers, must, number, on_each, put, run, text, verified, write};

/// Three seals over the rows 1 to 12, and copies of all the tables.
async fn stage(app: &App) {
    let mut sealer = app.sealer();
    for rows in [5, 5, 2] {
        write(app, rows).await;
        assert_eq!(sealer.seal().await.unwrap(), i64::from(rows));
    }
    drop_triggers(app).await;
    must(
        app,
        &[
            "CREATE TABLE kept_audit AS SELECT * FROM qd_audit",
            "CREATE TABLE kept_seal AS SELECT * FROM qd_audit_seal",
            "CREATE TABLE kept_state AS SELECT * FROM qd_state",
        ],
    )
    .await;
}

/// Everything as it was: a restored copy verifies.
async fn restore(app: &App) {
    for (table, kept) in [
        ("qd_audit", "kept_audit"),
        ("qd_audit_seal", "kept_seal"),
        ("qd_state", "kept_state"),
    ] {
        let fill = format!("INSERT INTO {table} SELECT * FROM {kept}");
        must(app, &[&format!("DELETE FROM {table}"), &fill]).await;
    }
    let report = verified(app, None).await.unwrap();
    assert_eq!((report.rows, report.seals, report.unsealed), (12, 3, 0));
}

/// What is done, and what `verify` then says.
const CASES: [(&[&str], &str); 19] = [
    (
        &["UPDATE qd_audit SET username = 'mallory' WHERE id = 7"],
        "audit row 7: changed since it was sealed",
    ),
    (
        &["UPDATE qd_audit SET token_id = 5 WHERE id = 12"],
        "audit row 12: changed since it was sealed",
    ),
    // A column that is newer than the rows may be, and null in most.
    (
        &["UPDATE qd_audit SET reason = 'asked for' WHERE id = 2"],
        "audit row 2: changed since it was sealed",
    ),
    (
        &["UPDATE qd_audit SET changes = '{}' WHERE id = 3"],
        "audit row 3: changed since it was sealed",
    ),
    (
        &["UPDATE qd_audit SET at = '2001-01-01 00:00:00' WHERE id = 1"],
        "audit row 1: changed since it was sealed",
    ),
    (
        &["DELETE FROM qd_audit WHERE id = 8"],
        "audit row 8: missing, it was sealed",
    ),
    // Two rows trade places, in one seal and across two.
    (
        &[
            "UPDATE qd_audit SET id = 99 WHERE id = 4",
            "UPDATE qd_audit SET id = 4 WHERE id = 5",
            "UPDATE qd_audit SET id = 5 WHERE id = 99",
        ],
        "audit row 4: changed since it was sealed",
    ),
    (
        &[
            "UPDATE qd_audit SET id = 99 WHERE id = 10",
            "UPDATE qd_audit SET id = 10 WHERE id = 11",
            "UPDATE qd_audit SET id = 11 WHERE id = 99",
        ],
        "audit row 10: changed since it was sealed",
    ),
    (
        &["DELETE FROM qd_audit WHERE id > 10"],
        "audit row 11: missing, it was sealed",
    ),
    (
        &["DELETE FROM qd_audit_seal WHERE id = 3"],
        "audit row 11: seal 3, which held it, is cut off",
    ),
    (
        &[
            "DELETE FROM qd_audit WHERE id > 10",
            "DELETE FROM qd_audit_seal WHERE id = 3",
        ],
        "audit row 11: seal 3, which held it, is cut off",
    ),
    (
        &["DELETE FROM qd_audit_seal"],
        "audit row 1: seal 1, which held it, is cut off",
    ),
    (
        &["DELETE FROM qd_audit_seal WHERE id = 2"],
        "audit row 6: seal 2, which held it, is cut off",
    ),
    (
        &["DELETE FROM qd_state WHERE name = 'audit_head'"],
        "the end of the chain is not the one that was recorded",
    ),
    (
        &["UPDATE qd_audit_seal SET highest = 11, ranges = '6-8,10-11' WHERE id = 2"],
        "audit row 6: seal 2, which is to hold it, is forged",
    ),
    (
        &["UPDATE qd_audit_seal SET at = '2001-01-01 00:00:00' WHERE id = 1"],
        "audit row 1: seal 1, which is to hold it, is forged",
    ),
    (
        &["UPDATE qd_audit_seal SET gaps = '' WHERE id = 1"],
        "audit row 1: seal 1, which is to hold it, is forged",
    ),
    // The digests of the row's own new content, but no key to sign them with.
    (
        &[
            "UPDATE qd_audit_seal SET digests = (SELECT digests FROM kept_seal WHERE id = 1) \
           WHERE id = 2",
        ],
        "audit row 6: seal 2, which is to hold it, is forged",
    ),
    (
        &["UPDATE qd_audit_seal SET signature = head WHERE id = 3"],
        "audit row 11: seal 3, which is to hold it, is forged",
    ),
];

#[tokio::test]
async fn r58_verify_names_the_row_that_was_edited_deleted_swapped_or_cut_off() {
    let name = "r58_verify_names_the_row_that_was_edited_deleted_swapped_or_cut_off";
    on_each(name, async |app| {
        stage(app).await;
        restore(app).await;
        for (statements, expected) in CASES {
            must(app, statements).await;
            let found = verified(app, None).await.map_err(|f| f.to_string());
            assert_eq!(found, Err(expected.to_owned()), "{statements:?}");
            restore(app).await;
        }
    })
    .await;
}

#[tokio::test]
async fn r58_a_head_from_a_log_proves_what_was_cut_off_with_every_trace() {
    let name = "r58_a_head_from_a_log_proves_what_was_cut_off_with_every_trace";
    on_each(name, async |app| {
        stage(app).await;
        let logged = verified(app, None).await.unwrap().head;
        let earlier = text(app, "SELECT head FROM qd_audit_seal WHERE id = 2").await;
        for head in [&logged, &earlier, &logged.to_uppercase()] {
            assert_eq!(verified(app, Some(head)).await.unwrap().seals, 3);
        }
        let forged = format!("UPDATE qd_state SET value = '2 {earlier}' WHERE name = 'audit_head'");
        must(
            app,
            &[
                "DELETE FROM qd_audit WHERE id > 10",
                "DELETE FROM qd_audit_seal WHERE id = 3",
                &forged,
            ],
        )
        .await;
        // Nothing in the database tells; the log does.
        assert_eq!(verified(app, None).await.unwrap().rows, 10);
        assert_eq!(verified(app, Some(&earlier)).await.unwrap().rows, 10);
        for head in [logged.as_str(), "", "x", &"0".repeat(64)] {
            let found = verified(app, Some(head)).await.unwrap_err();
            let expected = format!("head {head} is not in the chain: it was cut off");
            assert_eq!(found.to_string(), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn r58_the_sealer_does_not_seal_on_over_a_cut() {
    let name = "r58_the_sealer_does_not_seal_on_over_a_cut";
    on_each(name, async |app| {
        stage(app).await;
        for cut in [
            "DELETE FROM qd_audit_seal WHERE id = 3",
            "DELETE FROM qd_audit_seal",
            "DELETE FROM qd_state WHERE name = 'audit_head'",
            "UPDATE qd_audit_seal SET head = signature WHERE id = 3",
        ] {
            // One that knows the chain from before, and one that is started on what is left.
            let mut running = app.sealer();
            assert_eq!(running.seal().await.unwrap(), 0);
            must(app, &[cut]).await;
            let seals = number(app, "SELECT COUNT(*) FROM qd_audit_seal").await;
            write(app, 1).await;
            for sealer in [&mut running, &mut app.sealer()] {
                let error = sealer.seal().await.unwrap_err();
                let source = error.source.expect("a reason").to_string();
                assert!(source.contains("audit verify"), "{cut}: {source}");
            }
            assert_eq!(
                number(app, "SELECT COUNT(*) FROM qd_audit_seal").await,
                seals
            );
            restore(app).await;
        }
    })
    .await;
}

#[tokio::test]
async fn r58_a_row_that_is_put_in_is_not_in_the_chain() {
    let name = "r58_a_row_that_is_put_in_is_not_in_the_chain";
    on_each(name, async |app| {
        stage(app).await;
        put(app, -3).await;
        let found = verified(app, None).await.unwrap_err().to_string();
        assert_eq!(found, "audit row -3: not in the chain");
        restore(app).await;

        // Numbers that nobody used, which is nothing unusual: a write that was taken back.
        put(app, 100).await;
        assert_eq!(app.sealer().seal().await.unwrap(), 1);
        put(app, 101).await;
        let hours_later = || quarterdeck::store::now() + chrono::TimeDelta::hours(2);
        let mut sealer = app.sealer().with_clock(hours_later);
        assert_eq!(sealer.seal().await.unwrap(), 1);
        assert_eq!(verified(app, None).await.unwrap().rows, 14);
        put(app, 50).await;
        for sealer in [&mut sealer, &mut app.sealer()] {
            assert_eq!(sealer.seal().await.unwrap(), 0, "no row is awaited there");
        }
        let found = verified(app, None).await.unwrap_err().to_string();
        assert_eq!(found, "audit row 50: not in the chain");
        // Nor does a later seal take it in.
        put(app, 102).await;
        assert_eq!(sealer.seal().await.unwrap(), 1);
        let found = verified(app, None).await.unwrap_err().to_string();
        assert_eq!(found, "audit row 50: not in the chain");
    })
    .await;
}

#[tokio::test]
async fn r58_the_database_refuses_to_change_the_audit_and_its_seals() {
    let name = "r58_the_database_refuses_to_change_the_audit_and_its_seals";
    on_each(name, async |app| {
        write(app, 3).await;
        app.sealer().seal().await.unwrap();
        for table in ["qd_audit", "qd_audit_seal"] {
            for sql in [
                format!("UPDATE {table} SET at = at"),
                format!("UPDATE {table} SET id = 70 WHERE id = 1"),
                format!("DELETE FROM {table}"),
                format!("DELETE FROM {table} WHERE id = 1"),
            ] {
                let error = run(app, &sql).await.expect_err(&sql).to_string();
                let expected = format!("{table} only takes new rows");
                assert!(error.contains(&expected), "{sql}: {error}");
            }
            if app.engine.db().backend() == sea_orm::DbBackend::Postgres {
                run(app, &format!("TRUNCATE {table}")).await.unwrap_err();
            }
        }
        let report = verified(app, None).await.unwrap();
        assert_eq!((report.rows, report.seals), (3, 1));
    })
    .await;
}
