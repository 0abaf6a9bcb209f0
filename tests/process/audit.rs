//! `audit verify`, and what a server that ends leaves to it.

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use super::Place;

async fn execute(place: &Place, statements: &[&str]) {
    let url = format!("sqlite://{}", place.database().display());
    let db = Database::connect(url).await.expect("the database");
    for sql in statements {
        db.execute_unprepared(sql).await.expect(sql);
    }
    db.close().await.expect("closed");
}

#[tokio::test]
async fn r58_audit_verify_prints_the_head_that_the_log_has_or_names_the_row() {
    let place = Place::new();
    let none = place.run(&["audit", "verify"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""), "{none:?}");
    let token = place.token();
    let unsealed = place.run(&["audit", "verify"]);
    assert_eq!(unsealed.code, 0, "{unsealed:?}");
    let zeros = "0".repeat(64);
    let expected = format!("0 rows in 0 seals, head {zeros}\n1 rows are not sealed yet\n");
    assert_eq!(unsealed.out, expected);

    let served = place.serve(&[("QUARTERDECK_LOG_FORMAT", "json")], &["--demo"]);
    let client = reqwest::Client::new();
    for slug in ["ada", "bea"] {
        let body = json!({"name": "Ada", "slug": slug, "country": "GB"});
        let request = client.post(served.url("/api/v1/author"));
        let made = request.header("x-api-key", &token).json(&body).send().await;
        assert_eq!(made.unwrap().status(), 201);
    }
    served.signal("-TERM");
    let (code, log) = served.end();
    assert_eq!(code, Some(0));
    let lines = log
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    let sealed: Vec<Value> = lines.filter(|l| l["message"] == "audit sealed").collect();
    let head = sealed.last().expect("a seal")["head"]
        .as_str()
        .expect("a head")
        .to_owned();

    let verified = place.run(&["audit", "verify", "--head", &head]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let line = verified.out.lines().next().expect("a line");
    assert!(line.starts_with("3 rows in "), "{line}");
    assert!(line.ends_with(&format!(" seals, head {head}")), "{line}");
    assert_eq!(verified.out.lines().count(), 1, "all are sealed");

    execute(
        &place,
        &[
            "DROP TRIGGER qd_audit_no_update",
            "UPDATE qd_audit SET door = 'shell' WHERE id = 2",
        ],
    )
    .await;
    let found = place.run(&["audit", "verify"]);
    assert_eq!((found.code, found.out.as_str()), (1, ""), "{found:?}");
    assert_eq!(found.err, "audit row 2: changed since it was sealed\n");
}
