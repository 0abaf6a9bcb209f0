//! Which known name a misspelt one was meant to be.

/// The candidate with the fewest edits, if it is near enough to be worth naming.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (edits(name, candidate), candidate))
        .min()
        .filter(|(edits, candidate)| *edits <= candidate.len().max(name.len()) / 2)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if swapped {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_count_single_steps() {
        for (a, b, steps) in [
            ("", "", 0),
            ("bind", "bind", 0),
            ("bnd", "bind", 1),
            ("bidn", "bind", 1),
            ("", "ab", 2),
        ] {
            assert_eq!(edits(a, b), steps, "{a} {b}");
        }
    }

    #[test]
    fn nothing_near_is_not_guessed() {
        assert_eq!(nearest("bnid", ["url", "bind"]), Some("bind"));
        assert_eq!(nearest("zzzzzz", ["url", "bind"]), None);
    }
}
