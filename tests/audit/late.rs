//! A transaction that took its audit row's number early and ends late.

use quarterdeck::store::Tx;
use sea_orm::{ConnectionTrait as _, DbBackend};

use super::stage::{must, number, on_each, put, text, verified, write};

async fn insert(tx: &Tx) {
    let done = tx
        .execute_unprepared(
            "INSERT INTO qd_audit (at, door, request_id, verb, model, record_id, changes) \
             SELECT at, door, request_id, verb, model, record_id, changes \
             FROM qd_audit WHERE id = 1",
        )
        .await;
    done.expect("an audit row");
}

#[tokio::test]
async fn r58_a_row_that_is_committed_late_is_sealed_by_a_later_seal() {
    let name = "r58_a_row_that_is_committed_late_is_sealed_by_a_later_seal";
    on_each(name, async |app| {
        let db = app.engine.db();
        if db.backend() == DbBackend::Sqlite {
            // One writer after the other: no row is late.
            return;
        }
        let mut sealer = app.sealer();
        write(app, 1).await;
        let (late, later) = (db.begin().await.unwrap(), db.begin().await.unwrap());
        insert(&late).await;
        insert(&later).await;
        let lost = db.begin().await.unwrap();
        insert(&lost).await;
        lost.rollback().await.unwrap();
        write(app, 2).await;
        assert_eq!(sealer.seal().await.unwrap(), 3);
        let gaps = text(app, "SELECT gaps FROM qd_audit_seal WHERE id = 1").await;
        let ranges = text(app, "SELECT ranges FROM qd_audit_seal WHERE id = 1").await;
        assert_eq!((ranges.as_str(), gaps.as_str()), ("1,5-6", "2-4"));
        assert_eq!(verified(app, None).await.unwrap().unsealed, 0);

        late.commit().await.unwrap();
        let report = verified(app, None).await.unwrap();
        assert_eq!((report.rows, report.unsealed), (3, 1));
        write(app, 1).await;
        // Another node's sealer, which learns of the gap from the seals.
        assert_eq!(app.sealer().seal().await.unwrap(), 2);
        let ranges = text(app, "SELECT ranges FROM qd_audit_seal WHERE id = 2").await;
        assert_eq!(ranges, "2,7");

        // Nothing new but the late row.
        later.commit().await.unwrap();
        assert_eq!(sealer.seal().await.unwrap(), 1);
        let ranges = text(app, "SELECT ranges FROM qd_audit_seal WHERE id = 3").await;
        assert_eq!(ranges, "3");
        assert_eq!(sealer.seal().await.unwrap(), 0);
        let report = verified(app, None).await.unwrap();
        assert_eq!((report.rows, report.seals, report.unsealed), (6, 3, 0));
    })
    .await;
}

#[tokio::test]
async fn r58_a_row_that_came_while_nobody_sealed_is_not_late() {
    let name = "r58_a_row_that_came_while_nobody_sealed_is_not_late";
    on_each(name, async |app| {
        write(app, 1).await;
        put(app, 10).await;
        app.sealer().seal().await.unwrap();
        put(app, 5).await;
        let hours_later = || quarterdeck::store::now() + chrono::TimeDelta::hours(9);
        let mut next = app.sealer().with_clock(hours_later);
        assert_eq!(next.seal().await.unwrap(), 1);
        let report = verified(app, None).await.unwrap();
        assert_eq!((report.rows, report.unsealed), (3, 0));
        put(app, 7).await;
        assert_eq!(next.seal().await.unwrap(), 0);
        let found = verified(app, None).await.unwrap_err().to_string();
        assert_eq!(found, "audit row 7: not in the chain");
    })
    .await;
}

#[tokio::test]
async fn r58_many_gaps_and_many_seals_are_one_chain() {
    let name = "r58_many_gaps_and_many_seals_are_one_chain";
    on_each(name, async |app| {
        write(app, 1).await;
        // Every third number up to 9,000: three seals with a gap between any two rows.
        let third = "INSERT INTO qd_audit (id, at, door, request_id, verb, model, record_id, \
                     changes) SELECT a.id + (3 * {n}), a.at, a.door, a.request_id, a.verb, \
                     a.model, a.record_id, a.changes FROM qd_audit a WHERE a.id <= 3 * {n}";
        for doubled in (0..12).map(|n| 1 << n) {
            must(app, &[&third.replace("{n}", &i32::to_string(&doubled))]).await;
        }
        let mut sealer = app.sealer();
        assert_eq!(sealer.seal().await.unwrap(), 4096);
        assert_eq!(number(app, "SELECT COUNT(*) FROM qd_audit_seal").await, 5);
        for id in [2, 6000, 12_000] {
            put(app, id).await;
        }
        // Not all gaps are looked at each time.
        let mut sum = 0;
        for _ in 0..45 {
            sum += sealer.seal().await.unwrap();
        }
        assert_eq!(sum, 3);
        let report = verified(app, None).await.unwrap();
        assert_eq!((report.rows, report.unsealed), (4099, 0));
        // From the first seal to the last in one go, by a node that has just been started.
        put(app, 20_000).await;
        assert_eq!(app.sealer().seal().await.unwrap(), 1);
        assert_eq!(verified(app, None).await.unwrap().rows, 4100);
    })
    .await;
}
