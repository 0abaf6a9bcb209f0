//! Taking a list away as a file, at once or while nobody waits.

use std::time::Duration;

use super::forms::{as_it_is, author, open};
use super::page::{Page, visit};
use crate::house::app::{Session, on_each_app};

/// The page of an operation that has ended.
pub(super) async fn ended(session: &Session<'_>, path: &str) -> Page {
    for _ in 0..600 {
        let page = open(session, path).await;
        if !page.reply.text.contains("<progress") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} does not end");
}

#[tokio::test]
async fn a_list_is_taken_away_with_its_conditions_and_the_chosen_columns() {
    on_each_app("a_list_is_taken_away", as_it_is, async |app| {
        author(app, "one").await;
        author(app, "two").await;
        let admin = app.login("admin").await;
        let at = "/admin/author/_export";
        let page = open(&admin, &format!("{at}?slug=two&sort=name&page=1&limit=5")).await;
        assert!(page.text().contains("Slug is “two”"), "{}", page.text());
        let form = page.form(at);
        assert!(form.fields.iter().filter(|(n, _)| n == "_column").count() > 3);
        let form = form.less("_column").less("format");
        let form = form.and("_column", "slug").and("_column", "country");
        let now = form.clone().and("format", "csv").and("_when", "now");
        let sent = now.send(&admin).await;
        assert_eq!(sent.status(), 303, "{}", sent.reply.text);
        let file = visit(&admin, sent.location()).await;
        assert_eq!(file.reply.text, "slug,country\r\ntwo,GB\r\n");
        assert!(
            file.reply
                .header("content-disposition")
                .starts_with("attachment")
        );
        let later = form.and("format", "ndjson").and("_when", "later");
        let begun = later.send(&admin).await;
        assert_eq!(begun.status(), 303, "{}", begun.reply.text);
        let page = ended(&admin, begun.location()).await;
        assert!(page.text().contains("Done"), "{}", page.text());
        let link = page.links().into_iter().find(|l| l.ends_with("/file"));
        let file = visit(&admin, &link.expect("a file")).await;
        assert_eq!(file.reply.text, "{\"slug\":\"two\",\"country\":\"GB\"}\n");
        let list = open(&admin, "/admin/_operations").await;
        assert!(list.text().contains("Export of Authors"), "{}", list.text());
        let odd = visit(&admin, &format!("{at}?sort=nothing")).await;
        assert_eq!(odd.status(), 400);
        assert_eq!(
            visit(&admin, "/admin/_operations/99999").await.status(),
            404
        );
    })
    .await;
}
