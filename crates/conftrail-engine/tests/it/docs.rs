//! What the documentation shows is what the engine reads.

use conftrail_engine::Routing;
use conftrail_engine::cases::CaseFile;
use conftrail_engine::intervals::TimeIntervals;
use conftrail_engine::rules::{RuleSet, RuleSource};

#[test]
fn the_examples_of_the_rules_page_load_without_a_warning() {
    let page = include_str!("../../../../docs/rules.md");
    let intervals = TimeIntervals::default();
    let mut blocks = 0;
    for block in page.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        blocks += 1;
        if text.starts_with("# routing") {
            Routing::load("docs/rules.md", text).unwrap_or_else(|error| panic!("{error}"));
            continue;
        }
        let source = RuleSource { file: "docs/rules.md", text };
        if text.starts_with("# cases") {
            CaseFile::load(source).unwrap_or_else(|error| panic!("{error}"));
            continue;
        }
        let set = RuleSet::load(&[source], &intervals).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(set.warnings(), []);
    }
    assert_eq!(blocks, 5);
}

/// Every block of the routing page is a whole file.
#[test]
fn the_examples_of_the_routing_page_load() {
    let page = include_str!("../../../../docs/routing.md");
    let blocks: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    for text in blocks {
        Routing::load("docs/routing.md", text).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn the_examples_of_the_receivers_page_load() {
    let page = include_str!("../../../../docs/receivers.md");
    let blocks: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    for text in &blocks {
        Routing::load("docs/receivers.md", text).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(blocks.len(), 3);
}
