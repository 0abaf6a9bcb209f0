//! Bytes: a file, or base64; with the picture, where the registration says
//! that they are one.

use super::Asked;
use crate::admin::value::cell;
use crate::model::Widget;

/// Longest base64 of a stored value that is put into a page; a longer one can be replaced there.
pub(super) const SHOWN: usize = 64 * 1024;

/// What the base64 of a picture begins with, and its media type. Pictures that can hold scripts are
/// none of them.
const PICTURES: [(&str, &str); 4] = [
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
];

/// The control.
#[derive(Debug)]
pub(crate) struct Bytes {
    /// How many they are, for people; empty for none.
    pub(crate) size: String,
    /// The address of the picture; empty where there is none.
    pub(crate) picture: String,
    /// The files that a browser offers.
    pub(crate) accept: &'static str,
    /// Whether the base64 is in the form, and can be edited.
    pub(crate) text: bool,
    /// Whether the field can be left without a value.
    pub(crate) nullable: bool,
}

impl Bytes {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        let text = asked.text;
        let image = asked.field.widget == Some(Widget::Image);
        let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
        let known = PICTURES.iter().find(|(start, _)| text.starts_with(start));
        let picture = known
            .filter(|_| image && text.bytes().all(base64))
            .map(|(_, kind)| format!("data:{kind};base64,{text}"));
        Self {
            size: if text.is_empty() {
                String::new()
            } else {
                cell::size_of_base64(text)
            },
            picture: picture.unwrap_or_default(),
            accept: if image { "image/*" } else { "" },
            text: true,
            nullable: asked.field.nullable,
        }
    }

    /// The same without its base64, which is too long for a page.
    pub(super) fn replaced(self) -> Self {
        Self {
            picture: String::new(),
            text: false,
            ..self
        }
    }
}
