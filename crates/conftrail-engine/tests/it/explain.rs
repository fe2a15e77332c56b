//! Why a rule found an event, or did not.

use conftrail_engine::{Explanation, Part};

use crate::{event, load, soon_after};

const RULES: &str = r#"
version: 1
name: p
rules:
  - id: limit
    match: 'env:prod and (path:limit or path:quota) and not actor.login:batch*'
    group_by: [resource.env]
    exceptions:
      - { name: gone, match: 'env:prod', reason: over, owner: o, expires: 2026-11-01 }
      - { name: nobody, match: 'actor.login:nobody', reason: r, owner: o, expires: 2027-11-01 }
  - { id: quiet, match: 'path:limit', mode: off }
"#;

/// Returns each part as `yes` or `no`, its text and the values.
fn lines(part: &Part, into: &mut Vec<String>) {
    let holds = if part.holds { "yes" } else { "no" };
    into.push(format!("{holds} {} [{}]", part.text, part.values.join(",")));
    part.parts.iter().for_each(|part| lines(part, into));
}

#[test]
fn each_part_says_whether_it_holds_and_what_the_event_has() {
    let (set, event) = (load(RULES), event("limit"));
    let rule = set.rule("p", "limit").unwrap();
    let explanation = Explanation::of(&set, rule, &event, soon_after(&event));
    assert_eq!(explanation.verdict, "found");
    assert_eq!(explanation.detections.len(), 1);
    assert_eq!(explanation.labels["resource_env"], "prod");
    let mut said = Vec::new();
    lines(&explanation.query, &mut said);
    assert!(said[0].starts_with("yes "), "{said:#?}");
    assert!(said.contains(&"yes resource.env:prod [prod]".to_owned()), "{said:#?}");
    assert!(
        said.iter().any(|line| line.starts_with("yes changes.path:limit [") && line.contains("limit")),
        "{said:#?}"
    );
    assert!(said.iter().any(|line| line.starts_with("no changes.path:quota [")), "{said:#?}");
    assert!(said.iter().any(|line| line.starts_with("yes not actor.login:batch* [")), "{said:#?}");
    let exceptions: Vec<_> = explanation
        .exceptions
        .iter()
        .map(|one| (one.name.as_str(), one.query.holds, one.ended, one.holds))
        .collect();
    assert_eq!(exceptions, [("gone", true, true, false), ("nobody", false, false, false)]);
}

#[test]
fn an_event_that_is_not_found_came_near_or_not() {
    let set = load(RULES);
    let near = event("delete");
    let rule = set.rule("p", "limit").unwrap();
    let explanation = Explanation::of(&set, rule, &near, soon_after(&near));
    assert_eq!((explanation.verdict.as_str(), explanation.detections.len()), ("no match", 0));
    let nearness = explanation.nearness();
    assert!(0.3 < nearness && nearness < 1.0, "{nearness}");
    let quiet = set.rule("p", "quiet").unwrap();
    let limit = event("limit");
    assert_eq!(Explanation::of(&set, quiet, &limit, soon_after(&limit)).verdict, "off");
}
