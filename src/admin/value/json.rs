//! JSON laid out for people, token by token: no number and no escape is read and written again, so
//! that what a form shows is exactly what is stored.

/// `json`, which is valid, with one member a line.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let (mut quoted, mut escaped) = (false, false);
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted {
            out.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            other => {
                quoted = other == '"';
                out.push(other);
            }
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_changes_and_no_token_does() {
        let json = r#"{"a":1.10,"b":["x, {y}: \"\\",{}, [ ] ],"c":null}"#;
        let want = "{\n  \"a\": 1.10,\n  \"b\": [\n    \"x, {y}: \\\"\\\\\",\n    {},\n    []\n  ],\n  \"c\": null\n}";
        assert_eq!(pretty(json), want);
        assert_eq!(pretty(&pretty(json)), want);
        assert_eq!(pretty("\"a b\""), "\"a b\"");
    }
}
