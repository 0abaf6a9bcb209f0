//! Bodies of `multipart/form-data` (RFC 7578), already read within the body's limit: taken apart
//! without copying what a file holds more than once.

use crate::error::{Error, Fault, Kind};

/// Most parts of a form: as many as another one has fields.
const MAX_PARTS: usize = 1_000;
/// Longest head of a part.
const MAX_HEAD: usize = 4_096;

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// The control's name.
    pub name: String,
    /// What the file is called where it comes from, if it is a file.
    pub file: Option<String>,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The boundary that the type of a form names.
///
/// # Errors
/// 415 for another type.
pub fn boundary(content_type: &str) -> Result<String, Error> {
    let mut parts = content_type.split(';').map(str::trim);
    let form = parts
        .next()
        .is_some_and(|t| t.eq_ignore_ascii_case("multipart/form-data"));
    let found = parts.find_map(|p| {
        let (name, value) = p.split_once('=')?;
        name.eq_ignore_ascii_case("boundary")
            .then(|| value.trim_matches('"').to_owned())
    });
    // RFC 2046, section 5.1.1.
    let good =
        |b: &String| (1..=70).contains(&b.len()) && b.bytes().all(|c| (0x20..0x7f).contains(&c));
    found.filter(|b| form && good(b)).ok_or_else(|| {
        Error::new(
            Kind::UnsupportedMedia,
            "unsupported_media_type",
            "The body must be a form with a file (multipart/form-data).",
        )
    })
}

/// The parts of a body.
///
/// # Errors
/// 400 for what is no such body, and for too many parts.
pub fn parts(body: &[u8], boundary: &str) -> Result<Vec<Part>, Error> {
    let delimiter = format!("\r\n--{boundary}");
    let delimiter = delimiter.as_bytes();
    let mut rest = body
        .strip_prefix(&delimiter[2..])
        .ok_or_else(|| broken("It does not begin with its boundary."))?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if parts.len() == MAX_PARTS {
            return Err(broken("It has too many parts."));
        }
        rest = rest
            .strip_prefix(b"\r\n")
            .ok_or_else(|| broken("A boundary is followed by something else."))?;
        let head = find(&rest[..rest.len().min(MAX_HEAD)], b"\r\n\r\n");
        let head = head.ok_or_else(|| broken("A part has no head."))?;
        let (name, file) = disposition(&rest[..head])?;
        rest = &rest[head + 4..];
        let end = find(rest, delimiter).ok_or_else(|| broken("It ends within a part."))?;
        let bytes = rest[..end].to_vec();
        parts.push(Part { name, file, bytes });
        rest = &rest[end + delimiter.len()..];
    }
}

/// The name and the file's name of a part, as browsers write them: quotes and line ends escaped by
/// percent signs.
fn disposition(head: &[u8]) -> Result<(String, Option<String>), Error> {
    let head = std::str::from_utf8(head).map_err(|_| broken("A head is no UTF-8."))?;
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then(|| value.trim())
    });
    let line = line.filter(|l| l.starts_with("form-data"));
    let line = line.ok_or_else(|| broken("A part is none of a form."))?;
    let parameter = |name: &str| {
        let begin = format!("; {name}=\"");
        let at = line.find(&begin)? + begin.len();
        let text = line[at..].split('"').next()?;
        let text = text.replace("%22", "\"");
        Some(text.replace("%0D", "\r").replace("%0A", "\n"))
    };
    let name = parameter("name").ok_or_else(|| broken("A part has no name."))?;
    Ok((name, parameter("filename")))
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    loop {
        let at = from + text[from..].iter().position(|b| *b == first)?;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn broken(detail: &'static str) -> Error {
    Error::malformed(vec![Fault::pointer(String::new(), "multipart", detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_a_file_is_taken_apart() {
        let boundary = boundary("multipart/form-data; boundary=\"x-y\"").unwrap();
        let body = b"--x-y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x-y\r\n\
            content-disposition: form-data; name=\"f\"; filename=\"a%22b.csv\"\r\nContent-Type: text/csv\
            \r\n\r\nn\r\n\r\n--x\r\n--x-y--\r\n";
        let all = parts(body, &boundary).unwrap();
        let part = |name: &str, file: Option<&str>, bytes: &[u8]| Part {
            name: name.to_owned(),
            file: file.map(ToOwned::to_owned),
            bytes: bytes.to_vec(),
        };
        let wanted = [
            part("a", None, b"1"),
            part("f", Some("a\"b.csv"), b"n\r\n\r\n--x"),
        ];
        assert_eq!(all, wanted);
    }

    #[test]
    fn r31_what_is_no_such_form_is_refused() {
        for kind in [
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/mixed; boundary=x",
        ] {
            assert!(boundary(kind).is_err(), "{kind}");
        }
        for body in [
            &b""[..],
            b"--x",
            b"--x\r\n\r\n1\r\n--x--",
            b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1",
            b"--x\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--x--",
            b"x--x\r\n",
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
        ] {
            assert!(parts(body, "x").is_err(), "{body:?}");
        }
        let many = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n".repeat(1_001)
            + "--x--";
        assert!(parts(many.as_bytes(), "x").is_err());
    }
}
