//! "Did you mean": the nearest known name.

/// Returns the known name that differs least from `word`, if it differs little enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer than any name of ours; the distance of two long texts is costly, and a long text is no typing error.
    const LONGEST: usize = 64;
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let allowed = (length / 3).clamp(1, 3);
    let mut best = None;
    for name in known {
        let distance = strsim::osa_distance(word, name);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let known = ["severity", "match", "group_by"];
        assert_eq!(nearest("sevrity", known), Some("severity"));
        assert_eq!(nearest("mtach", known), Some("match"));
        assert_eq!(nearest("when", known), None);
        assert_eq!(nearest(&"m".repeat(10_000), known), None);
    }
}
