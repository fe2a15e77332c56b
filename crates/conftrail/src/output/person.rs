//! What one person did.

use conftrail_core::Period;
use conftrail_core::ports::{Bucket, Facet};
use conftrail_core::questions::Person;

use super::Printer;
use super::event::harmless;

/// Returns what a person did, field by field.
pub(crate) fn person(person: &Person, printer: &Printer) -> String {
    let pick = |english, chinese| printer.language.pick(english, chinese);
    let about = if person.made.estimated { pick("about ", "约 ") } else { "" };
    let mut lines = vec![format!("{}  {about}{}", pick("changes", "变更数"), person.made.total)];
    let claimed = total(&person.claimed);
    if claimed > 0 {
        let said = pick(
            "claimed by logins that are not believed, not counted above",
            "由不可信登录自称，未计入上面",
        );
        lines.push(format!("{said}  {claimed}  ({})", names(&person.claimed)));
    }
    let others = total(&person.for_others);
    if others > 0 {
        let said = pick("made with this login under other names", "使用此登录、署名他人");
        lines.push(format!("{said}  {others}  ({})", names(&person.for_others)));
    }
    for facet in person.made.facets.iter().filter(|facet| !facet.buckets.is_empty()) {
        lines.push(format!("\n{}", facet.field));
        lines.extend(bars(&facet.buckets));
    }
    if let Some(histogram) = &person.made.histogram {
        lines.push(format!("\n{} {}", pick("per", "每"), Period::seconds(histogram.width)));
        lines.extend(bars(&histogram.buckets));
    }
    lines.join("\n")
}

fn total(facet: &Facet) -> u64 {
    facet.buckets.iter().map(|bucket| bucket.count).sum()
}

fn names(facet: &Facet) -> String {
    let name = |bucket: &Bucket| if bucket.key.is_empty() { "?".to_owned() } else { harmless(&bucket.key) };
    facet.buckets.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Returns a line with a bar for each value.
pub(crate) fn bars(buckets: &[Bucket]) -> Vec<String> {
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1).max(1);
    let bar = |count: u64| "▇".repeat(usize::try_from(count * 30 / most).unwrap_or(0).max(1));
    let line =
        |bucket: &Bucket| format!("{:>9}  {}  {}", bucket.count, bar(bucket.count), harmless(&bucket.key));
    buckets.iter().map(line).collect()
}
