//! One model end to end: the way of a newcomer through list, read, create, patch and delete.

use serde_json::json;

use crate::house::app::on_each_app;

#[tokio::test]
async fn a_record_lives_from_create_to_delete() {
    on_each_app(
        "a_record_lives_from_create_to_delete",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let body = json!({"name": "Ada", "slug": "ada", "country": "GB", "born": "1815-12-10"});
            let (status, made) = admin.send("POST", "/api/v1/author", body).await;
            assert_eq!(status, 201, "{made}");
            let path = format!("/api/v1/author/{}", made["id"]);
            assert_eq!(admin.get(&path).await, (200, made.clone()));
            let (status, listed) = admin.get("/api/v1/author?born__lt=1900-01-01").await;
            assert_eq!(
                (status, &listed["data"], &listed["page"]["count"]),
                (200, &json!([made]), &json!(1))
            );
            let (status, patched) = admin.send("PATCH", &path, json!({"born": null})).await;
            assert_eq!(
                (status, &patched["born"], &patched["name"]),
                (200, &json!(null), &json!("Ada"))
            );
            assert_eq!(admin.send("DELETE", &path, json!(null)).await.0, 204);
            assert_eq!(admin.get(&path).await.0, 404);
        },
    )
    .await;
}
