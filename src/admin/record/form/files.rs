//! Forms with files: a file takes the place of the base64 text of its field, so that everything behind
//! sees one kind of form. A form without a field of bytes is sent as any other.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::error::Error;
use crate::http::multipart::Part;
use crate::http::{Call, body};
use crate::page::form::{posted, uploaded};

/// What stands before a field's name where its file is.
const FILE: &str = "_file.";

/// The fields of a form that a page of this session has sent, with files or without.
///
/// # Errors
/// As [`posted`]; 400 for a file that is of no field, and for text that is none.
pub(crate) async fn fields(call: &mut Call) -> Result<Vec<(String, String)>, Error> {
    if body::media_type(&call.request).as_deref() != Some("multipart/form-data") {
        return posted(call).await;
    }
    merged(uploaded(call).await?)
}

fn merged(parts: Vec<Part>) -> Result<Vec<(String, String)>, Error> {
    let (files, texts): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| part.file.is_some());
    let mut fields = Vec::with_capacity(texts.len());
    for part in texts {
        let text = String::from_utf8(part.bytes).ok();
        let text = text.filter(|text| !text.contains('\0')).ok_or_else(|| {
            let detail = "The fields of a form are UTF-8 text without NUL.";
            Error::parameter(&part.name, "encoding", detail)
        })?;
        fields.push((part.name, text));
    }
    for file in files {
        let Some(name) = file.name.strip_prefix(FILE) else {
            let detail = "There is no field for a file of this name.";
            return Err(Error::parameter(&file.name, "unknown_field", detail));
        };
        // A browser sends a file without a name where none was chosen.
        if file.bytes.is_empty() && file.file.as_deref().is_none_or(str::is_empty) {
            continue;
        }
        let text = BASE64.encode(&file.bytes);
        match fields.iter_mut().find(|(n, _)| n == name) {
            Some((_, value)) => *value = text,
            None => fields.push((name.to_owned(), text)),
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, file: Option<&str>, bytes: &[u8]) -> Part {
        Part {
            name: name.to_owned(),
            file: file.map(ToOwned::to_owned),
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn a_file_takes_the_place_of_the_text_of_its_field() {
        let fields = merged(vec![
            part("a", None, b"1"),
            part("picture", None, b"b2xk"),
            part("_file.picture", Some("new.bin"), &[0, 255]),
            part("other", None, b"b2xk"),
            part("_file.other", Some(""), b""),
        ]);
        let own = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        let wanted = [own("a", "1"), own("picture", "AP8="), own("other", "b2xk")];
        assert_eq!(fields.unwrap(), wanted);
    }

    #[test]
    fn r31_what_is_no_text_and_what_is_no_file_of_a_field_are_refused() {
        for bad in [
            part("a", None, &[0xff]),
            part("a", None, b"a\0"),
            part("a", Some("x.bin"), b"x"),
        ] {
            assert!(merged(vec![bad]).is_err());
        }
    }
}
