//! Makes the routes in force of those in the file.

use std::collections::HashSet;

use super::routes::{GroupBy, Node, Route, Routes};
use super::{RouteConfig, RoutingProblem};
use crate::Timing;
use crate::intervals::TimeIntervals;
use crate::matchers::{Matcher, parse};

/// The most routes of a file: each is asked for every finding.
const MOST_ROUTES: usize = 1000;

/// Makes the tree; what is wrong with matchers and groups is told at its place.
///
/// Names of receivers and intervals are taken as checked.
pub(super) fn routes(root: &RouteConfig, intervals: TimeIntervals) -> Result<Routes, Vec<RoutingProblem>> {
    let mut builder = Builder { nodes: Vec::new(), ids: HashSet::new(), problems: Vec::new() };
    let parent = Route { timing: Timing::default(), ..Routes::to("", Timing::default()).root().clone() };
    builder.add("route", root, &parent);
    match builder.problems {
        problems if problems.is_empty() => Ok(Routes { nodes: builder.nodes, intervals }),
        problems => Err(problems),
    }
}

struct Builder {
    nodes: Vec<Node>,
    ids: HashSet<String>,
    problems: Vec<RoutingProblem>,
}

impl Builder {
    /// Adds a route and those beneath it, and returns its place.
    fn add(&mut self, path: &str, config: &RouteConfig, parent: &Route) -> usize {
        let index = self.nodes.len();
        if index == MOST_ROUTES {
            self.problems
                .push(RoutingProblem::new(path, format!("there are more than {MOST_ROUTES} routes")));
        }
        let matchers = self.matchers(path, &config.matchers);
        let route = Route {
            id: if index == 0 { String::new() } else { self.id(parent, &matchers) },
            receiver: config.receiver.clone().unwrap_or_else(|| parent.receiver.clone()),
            group_by: self.group_by(path, config, index == 0).unwrap_or_else(|| parent.group_by.clone()),
            timing: Timing {
                group_wait: config.group_wait.unwrap_or(parent.timing.group_wait),
                group_interval: config.group_interval.unwrap_or(parent.timing.group_interval),
                ..parent.timing.clone()
            },
            // Alertmanager inherits everything but these two.
            muted_in: config.mute_time_intervals.clone(),
            active_in: config.active_time_intervals.clone(),
            on_mute: config.on_mute.unwrap_or(parent.on_mute),
        };
        let goes_on = config.goes_on;
        self.nodes.push(Node { route: route.clone(), matchers, goes_on, children: Vec::new() });
        let mut children = Vec::with_capacity(config.routes.len());
        for (number, child) in config.routes.iter().enumerate() {
            if self.nodes.len() > MOST_ROUTES {
                break;
            }
            children.push(self.add(&format!("{path}.routes[{number}]"), child, &route));
        }
        if let Some(node) = self.nodes.get_mut(index) {
            node.children = children;
        }
        index
    }

    fn matchers(&mut self, path: &str, texts: &[String]) -> Vec<Matcher> {
        let mut matchers = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            match parse(text) {
                Ok(read) => matchers.extend(read),
                Err(error) => self.problems.push(RoutingProblem {
                    path: format!("{path}.matchers[{number}]"),
                    offset: error.offset,
                    message: error.message,
                }),
            }
        }
        matchers
    }

    /// Reads `group_by`; an empty list puts all in one group at the root, and elsewhere says nothing, as in Alertmanager.
    fn group_by(&mut self, path: &str, config: &RouteConfig, is_root: bool) -> Option<GroupBy> {
        let names = config.group_by.as_ref().filter(|names| is_root || !names.is_empty())?;
        let mut problem = |number: usize, said: String| {
            self.problems.push(RoutingProblem::new(format!("{path}.group_by[{number}]"), said));
        };
        let mut labels: Vec<String> = Vec::with_capacity(names.len());
        for (number, name) in names.iter().enumerate() {
            if name.is_empty() {
                problem(number, "a label's name is needed".to_owned());
            } else if labels.contains(name) {
                problem(number, format!("`{name}` stands there already"));
            } else if name == "..." && names.len() > 1 {
                problem(number, "`...` is all labels: leave the others out".to_owned());
            } else if name != "..." && name.contains('.') {
                problem(number, format!("labels have no dots: write `{}`", name.replace('.', "_")));
            }
            labels.push(name.clone());
        }
        if labels.first().is_some_and(|name| name == "...") {
            return Some(GroupBy::All);
        }
        Some(GroupBy::Labels(labels))
    }

    /// Names a route by its matchers; of routes that say the same, the later ones are numbered.
    fn id(&mut self, parent: &Route, matchers: &[Matcher]) -> String {
        let said: Vec<String> = matchers.iter().map(ToString::to_string).collect();
        let plain = format!("{}/{}", parent.id, said.join(","));
        let mut id = plain.clone();
        let mut number = 2;
        while !self.ids.insert(id.clone()) {
            id = format!("{plain}#{number}");
            number += 1;
        }
        id
    }
}
