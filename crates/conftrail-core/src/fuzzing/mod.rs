//! What the fuzzer calls, a function for each of its targets: everything of this crate that reads bytes from outside. In no other
//! build; the tests run each with the inputs that are kept.

mod documents;
mod query;

pub use documents::documents;
pub use query::query;

#[cfg(test)]
#[path = "../../../../fuzz/kept.rs"]
mod kept;

/// The text that an input begins with.
fn text(input: &[u8]) -> &str {
    input.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

#[cfg(test)]
mod tests {
    use super::kept::replay;

    #[test]
    fn no_kept_document_breaks_anything() {
        replay("documents", 200, super::documents);
    }

    #[test]
    fn no_kept_query_breaks_anything() {
        replay("query", 150, super::query);
    }
}
