//! Sizes as people write them: `10 MB` is 10,000,000 bytes, `10 MiB` is 10,485,760.

/// The number of bytes, or what was expected.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(expected()),
    };
    let number: u64 = number.parse().map_err(|_| expected())?;
    number.checked_mul(factor).ok_or_else(expected)
}

fn expected() -> String {
    "expected a number of bytes or a size such as \"10 MB\" or \"512 KiB\"".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("1500", 1_500),
            ("10 MB", 10_000_000),
            ("10mb", 10_000_000),
            ("512 KiB", 524_288),
            (" 2 GiB ", 2_147_483_648),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "MB",
            "-1",
            "1.5 MB",
            "10 TB",
            "10 MB MB",
            "99999999999999999999",
            "18446744073709551615 KB",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
