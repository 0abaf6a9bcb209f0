//! The passwords that are guessed first: those that head the published lists, and the patterns they
//! are made of (walks over a keyboard, runs, dates, a common word with the usual endings). All have
//! at least eight characters, because shorter ones are refused anyway.

/// Sorted bytewise, one a line, in lower case; a test keeps it so.
const LIST: &str = include_str!("../common_passwords.txt");

/// Whether the password is in the list, however it is capitalised.
pub(super) fn contains(password: &str) -> bool {
    contains_line(LIST.trim_end(), &password.to_lowercase())
}

/// Halves the sorted text itself: no table has to be built or kept in memory.
fn contains_line(mut text: &str, wanted: &str) -> bool {
    while !text.is_empty() {
        let middle = text.floor_char_boundary(text.len() / 2);
        let start = text[..middle].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[middle..]
            .find('\n')
            .map_or(text.len(), |length| middle + length);
        match wanted.cmp(&text[start..end]) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => text = text[..start].trim_end_matches('\n'),
            std::cmp::Ordering::Greater => text = text[end..].trim_start_matches('\n'),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r03_the_list_is_long_sorted_and_fits_the_policy() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.len() >= 3_000, "{}", lines.len());
        assert!(lines.is_sorted() && lines.windows(2).all(|pair| pair[0] != pair[1]));
        for line in lines {
            assert!(line.chars().count() >= 8, "{line}");
            assert_eq!(line.to_lowercase(), line);
        }
    }

    #[test]
    fn every_line_is_found_and_its_neighbours_are_not() {
        for line in LIST.lines() {
            assert!(contains(line), "{line}");
            assert!(!contains(&format!("{line}\u{7f}")), "{line}");
        }
        for absent in [
            "",
            "\n",
            "correct horse battery staple",
            "zzzzzzzzzzzzzzzzzzz",
        ] {
            assert!(!contains(absent), "{absent:?}");
        }
    }

    #[test]
    fn lines_of_short_texts_are_found() {
        for (text, wanted, expected) in [
            ("", "a", false),
            ("a", "a", true),
            ("a\nb", "a", true),
            ("a\nb", "b", true),
            ("a\nb\nc", "b", true),
            ("aa\nбб\nяя", "бб", true),
            ("aa\ncc", "bb", false),
            ("aa\ncc", "a", false),
        ] {
            assert_eq!(contains_line(text, wanted), expected, "{text:?} {wanted}");
        }
    }
}
