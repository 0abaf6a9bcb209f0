//! Workbooks for tests, of the few parts that a reader needs.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A cell.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Number(String),
    Truth(bool),
    /// The number of a day, shown as a date.
    Date(String),
    Error,
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#;
const RELS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
/// The second format is a date.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

/// A workbook of these sheets.
pub(crate) fn of(sheets: &[Vec<Vec<Cell>>]) -> Vec<u8> {
    let sheets: Vec<String> = sheets.iter().map(|rows| sheet(rows)).collect();
    pack(&sheets)
}

/// A workbook whose only sheet is this text.
pub(crate) fn raw(sheet: &str) -> Vec<u8> {
    pack(&[sheet.to_owned()])
}

fn sheet(rows: &[Vec<Cell>]) -> String {
    let mut out = String::from(
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
    );
    for (row, number) in rows.iter().zip(1..) {
        let _ = write!(out, r#"<row r="{number}">"#);
        for (cell, column) in row.iter().zip(b'A'..) {
            let at = format!("{}{number}", char::from(column));
            let _ = match cell {
                Cell::Empty => Ok(()),
                Cell::Text(text) => write!(
                    out,
                    r#"<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{}</t></is></c>"#,
                    text.replace('&', "&amp;").replace('<', "&lt;")
                ),
                Cell::Number(n) => write!(out, r#"<c r="{at}"><v>{n}</v></c>"#),
                Cell::Truth(b) => write!(out, r#"<c r="{at}" t="b"><v>{}</v></c>"#, u8::from(*b)),
                Cell::Date(n) => write!(out, r#"<c r="{at}" s="1"><v>{n}</v></c>"#),
                Cell::Error => write!(out, r#"<c r="{at}" t="e"><v>#REF!</v></c>"#),
            };
        }
        out.push_str("</row>");
    }
    out.push_str("</sheetData></worksheet>");
    out
}

fn pack(sheets: &[String]) -> Vec<u8> {
    let mut names = String::new();
    let mut targets = String::new();
    for n in 1..=sheets.len() {
        let _ = write!(
            names,
            r#"<sheet name="Sheet {n}" sheetId="{n}" r:id="rId{n}"/>"#
        );
        let _ = write!(
            targets,
            r#"<Relationship Id="rId{n}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet{n}.xml"/>"#
        );
    }
    let n = sheets.len() + 1;
    let book = format!(
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>{names}</sheets></workbook>"#
    );
    let rels = format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{targets}<Relationship Id="rId{n}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#
    );
    let mut parts: Vec<(String, &str)> = vec![
        ("[Content_Types].xml".to_owned(), TYPES),
        ("_rels/.rels".to_owned(), RELS),
        ("xl/workbook.xml".to_owned(), &book),
        ("xl/_rels/workbook.xml.rels".to_owned(), &rels),
        ("xl/styles.xml".to_owned(), STYLES),
    ];
    let numbered = sheets.iter().zip(1..);
    parts.extend(numbered.map(|(s, n)| (format!("xl/worksheets/sheet{n}.xml"), s.as_str())));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default())
            .expect("a part");
        zip.write_all(text.as_bytes()).expect("its text");
    }
    zip.finish().expect("a file").into_inner()
}
