//! `_export`: the list as a file, in three formats.

mod broken;
mod content;
mod crowd;

use reqwest::Method;

use crate::house::app::Session;

/// A file as it came.
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    /// `Err` when it broke off.
    pub(super) bytes: Result<Vec<u8>, String>,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        let bytes = self.bytes.clone().expect("a whole file");
        String::from_utf8(bytes).expect("text")
    }
}

pub(super) async fn get(session: &Session<'_>, path: &str) -> Got {
    let response = session.request(Method::GET, path).send().await;
    let response = response.expect("an answer");
    Got {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        bytes: match response.bytes().await {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// The cells of a CSV file (RFC 4180); `None` for one that is empty without quotes.
pub(super) fn parse_csv(text: &str) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut row = Vec::new();
        loop {
            let (cell, after) = one_cell(rest);
            row.push(cell);
            if let Some(next) = after.strip_prefix(',') {
                rest = next;
                continue;
            }
            rest = after.strip_prefix("\r\n").expect("the end of a line");
            break;
        }
        rows.push(row);
    }
    rows
}

fn one_cell(text: &str) -> (Option<String>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', '\r', '\n']).expect("the end of a line");
        let cell = &text[..end];
        assert!(!cell.contains('"'), "{cell}");
        return ((!cell.is_empty()).then(|| cell.to_owned()), &text[end..]);
    };
    let mut from = 0;
    loop {
        let at = from + quoted[from..].find('"').expect("the other quote");
        if quoted[at..].starts_with("\"\"") {
            from = at + 2;
            continue;
        }
        return (Some(quoted[..at].replace("\"\"", "\"")), &quoted[at + 1..]);
    }
}
