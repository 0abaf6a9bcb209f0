//! What the cells of a file say.

use serde_json::{Value, json};

use super::workbook::{self, Cell};
use super::{CSV, NDJSON, XLSX, author, authors, import};
use crate::house::app::on_each_app;

#[tokio::test]
async fn null_is_no_empty_text() {
    on_each_app(
        "null_is_no_empty_text",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let file =
                "\u{feff}name,slug,country,biography\r\nA,a,GB,\r\nB,b,GB,\"\"\r\n\"\",c,GB,x\r\n";
            let done = authors(&admin, "", file).await;
            assert_eq!(done.json()["created"], 3, "{}", done.text);
            assert_eq!(author(&admin, "a").await["biography"], Value::Null);
            assert_eq!(author(&admin, "b").await["biography"], "");
            assert_eq!(author(&admin, "c").await["name"], "");
        },
    )
    .await;
}

#[tokio::test]
async fn a73_the_mark_of_a_formula_is_taken_off() {
    on_each_app(
        "a73_the_mark_of_a_formula_is_taken_off",
        |b| b,
        async |app| {
            let admin = app.login("admin").await;
            let file = "name,slug,country,biography\n\
            '=1+1,a,GB,'-x\n''=1,b,GB,\"'\rx\"\n'plain',c,GB,=1\n'@x,d,GB,'\tx\n";
            let done = authors(&admin, "", file).await;
            assert_eq!(done.json()["created"], 4, "{}", done.text);
            assert_eq!(done.json()["coerced"], json!({}));
            for (slug, name, biography) in [
                ("a", "=1+1", "-x"),
                ("b", "'=1", "\rx"),
                ("c", "'plain'", "=1"),
                ("d", "@x", "\tx"),
            ] {
                let one = author(&admin, slug).await;
                assert_eq!(
                    (&one["name"], &one["biography"]),
                    (&json!(name), &json!(biography))
                );
            }
            // No mark is taken off what cannot be a formula.
            let prices = "name,currency,factor,valid_from\nA,EUR,'-1,2024-01-01\n";
            let refused = import(&admin, "price_list", CSV, prices, &[]).await;
            assert_eq!(
                refused.faults(),
                ["/rows/0/factor type"],
                "{}",
                refused.text
            );
        },
    )
    .await;
}

const BOOKS: &str = "isbn,title,price,pages,author_id,in_print,published_on,rating,metadata\n";

#[tokio::test]
async fn only_a_few_spellings_are_understood_and_they_are_counted() {
    let name = "only_a_few_spellings_are_understood_and_they_are_counted";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let body = json!({"name": "A", "slug": "a", "country": "GB"});
            let of = app.make("author", body).await["id"].clone();
            let admin = app.login("admin").await;
            let file = format!(
                "{BOOKS}\
             9780000000001,T,12.50,100,{of},true,2024-02-29,4.5,\"{{\"\"a\"\": 1}}\"\n\
             9780000000002,T,1e1,1e2,{of},TRUE,,4.50,\n\
             9780000000003,T,0012.5,100.0,{of},0,,4,null\n"
            );
            let done = import(&admin, "book", CSV, file, &[]).await;
            let wanted = json!({"in_print": 2, "pages": 2, "price": 2, "rating": 1});
            assert_eq!(
                (done.status, &done.json()["coerced"]),
                (200, &wanted),
                "{}",
                done.text
            );
            let books = admin.get("/api/v1/book?sort=isbn").await.1;
            let column = |name: &str| -> Vec<Value> {
                let rows = books["data"].as_array().expect("rows").iter();
                rows.map(|r| r[name].clone()).collect()
            };
            assert_eq!(
                Value::from(column("price")),
                json!(["12.50", "10.00", "12.50"])
            );
            assert_eq!(Value::from(column("pages")), json!([100, 100, 100]));
            assert_eq!(Value::from(column("in_print")), json!([true, true, false]));
            for (field, text) in [
                ("price", "\"1,0\""),
                ("price", " 12 "),
                ("price", "1.234"),
                ("pages", "12.5"),
                ("pages", "+5"),
                ("pages", "\"1,000\""),
                ("in_print", "yes"),
                ("in_print", " true"),
                ("published_on", "29.02.2024"),
                ("published_on", "2023-02-29"),
                ("rating", "NaN"),
                ("rating", "\"4,5\""),
                ("metadata", "{a:1}"),
            ] {
                let others: Vec<&str> = ["isbn,9780000000009", "title,T", "price,1.00", "pages,1"]
                    .into_iter()
                    .filter(|pair| !pair.starts_with(field))
                    .collect();
                let pairs = others.iter().filter_map(|pair| pair.split_once(','));
                let (names, values): (Vec<_>, Vec<_>) = pairs.unzip();
                let file = format!(
                    "{},author_id,{field}\n{},{of},{text}\n",
                    names.join(","),
                    values.join(",")
                );
                let refused = import(&admin, "book", CSV, file, &[]).await;
                let places = refused.faults();
                assert_eq!(refused.status, 422, "{field} {text}: {}", refused.text);
                assert_eq!(places.len(), 1, "{places:?}");
                assert!(
                    places[0].starts_with(&format!("/rows/0/{field} ")),
                    "{places:?}"
                );
            }
            let line = format!(
                r#"{{"isbn":"9780000000004","title":"T","price":"1e1","pages":1,"author_id":{of}}}"#
            );
            let done = import(&admin, "book", NDJSON, line, &[]).await;
            assert_eq!(done.json()["coerced"], json!({"price": 1}), "{}", done.text);
        },
    )
    .await;
}

#[tokio::test]
async fn a_workbook_is_read_by_the_kinds_of_its_cells() {
    let name = "a_workbook_is_read_by_the_kinds_of_its_cells";
    on_each_app(
        name,
        |b| b,
        async |app| {
            let body = json!({"name": "A", "slug": "a", "country": "GB"});
            let of = app.make("author", body).await["id"].to_string();
            let admin = app.login("admin").await;
            let text = |t: &str| Cell::Text(t.to_owned());
            let number = |t: &str| Cell::Number(t.to_owned());
            let names = "isbn,title,price,pages,author_id,in_print,published_on,rating";
            let rows = vec![
                names.split(',').map(text).collect(),
                vec![
                    number("9780000000001"),
                    text("=1_x005F_x000D__x000D_b"),
                    number("12.5"),
                    number("100"),
                    number(&of),
                    Cell::Truth(true),
                    Cell::Date("45351".into()),
                    number("4.25"),
                ],
                vec![
                    text("9780000000002"),
                    Cell::Empty,
                    text("12.50"),
                    number("100"),
                    number(&of),
                    Cell::Empty,
                    text("2024-02-29"),
                ],
            ];
            let done = import(&admin, "book", XLSX, workbook::of(&[rows]), &[]).await;
            assert_eq!(done.status, 200, "{}", done.text);
            assert_eq!(
                done.json()["coerced"],
                json!({"isbn": 1, "published_on": 1})
            );
            let books = admin.get("/api/v1/book?sort=isbn").await.1;
            let (one, two) = (&books["data"][0], &books["data"][1]);
            assert_eq!(one["title"], "=1_x000D_\rb");
            assert_eq!(
                (&one["price"], &two["price"]),
                (&json!("12.50"), &json!("12.50"))
            );
            assert_eq!(
                (&one["published_on"], &two["published_on"]),
                (&json!("2024-02-29"), &json!("2024-02-29"))
            );
            assert_eq!(
                (&two["title"], &two["in_print"], &two["rating"]),
                (&json!(""), &json!(true), &Value::Null)
            );
            let bad = vec![
                ["isbn", "title", "price", "pages", "author_id"]
                    .map(text)
                    .to_vec(),
                vec![
                    text("9780000000003"),
                    Cell::Truth(true),
                    number("1"),
                    number("1.5"),
                    Cell::Error,
                ],
            ];
            let refused = import(&admin, "book", XLSX, workbook::of(&[bad]), &[]).await;
            let wanted = [
                "/rows/0/author_id cell",
                "/rows/0/pages type",
                "/rows/0/title type",
            ];
            assert_eq!(refused.faults(), wanted, "{}", refused.text);
            assert!(refused.text.contains("Line 2, column"), "{}", refused.text);
        },
    )
    .await;
}

#[tokio::test]
async fn r48_a62_a_workbook_is_measured_before_it_is_read() {
    let name = "r48_a62_a_workbook_is_measured_before_it_is_read";
    on_each_app(name, |b| b, async |app| {
        let admin = app.login("admin").await;
        let send = async |bytes: Vec<u8>| import(&admin, "author", XLSX, bytes, &[]).await;
        let bomb = workbook::raw(&" ".repeat(130 * 1024 * 1024));
        assert!(bomb.len() < 1_000_000);
        let refused = send(bomb).await;
        assert_eq!((refused.status, &refused.json()["code"]), (413, &json!("body_too_large")));
        for bytes in [b"PK\x03\x04 nothing".to_vec(), b"name,slug\n".to_vec(), Vec::new()] {
            let refused = send(bytes).await;
            assert_eq!((refused.status, refused.faults()), (400, vec![" invalid_xlsx".to_owned()]));
        }
        let row = |row: usize, column: char| {
            format!(r#"<row r="{row}"><c r="{column}{row}" t="inlineStr"><is><t>x</t></is></c></row>"#)
        };
        for cells in [
            format!("{}{}", row(3, 'A'), row(2, 'A')),
            r#"<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>"#.to_owned(),
            r#"<row r="1"><c r="A1" t="s"><v>7</v></c></row>"#.to_owned(),
            r#"<row r="1"><c r="A1" t="n"><v>infinity</v></c></row>"#.to_owned(),
            "<row".to_owned(),
        ] {
            let refused = send(workbook::raw(&format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"))).await;
            assert_eq!(refused.status, 400, "{cells}: {}", refused.text);
        }
        let far = r#"<worksheet><sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>"#;
        assert_eq!(send(workbook::raw(far)).await.status, 422);
        let sheet = || vec![vec![Cell::Text("name".into())]];
        let two = workbook::of(&[sheet(), sheet()]);
        assert_eq!(send(two).await.faults(), [" sheets"]);
        let spare = workbook::of(&[sheet(), Vec::new()]);
        assert_eq!(send(spare).await.faults(), ["/columns/country required", "/columns/slug required"]);
    })
    .await;
}
