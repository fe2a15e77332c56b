//! The routes in force: which of them a set of labels takes.

use conftrail_core::Timestamp;
use conftrail_core::alerting::Labels;

use super::OnMute;
use crate::Timing;
use crate::intervals::TimeIntervals;
use crate::matchers::Matcher;

/// All routes of a routing file, with the time intervals they name.
#[derive(Clone, Debug)]
pub struct Routes {
    /// The root is the first.
    pub(super) nodes: Vec<Node>,
    pub(super) intervals: TimeIntervals,
}

/// A route in the tree.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) route: Route,
    pub(super) matchers: Vec<Matcher>,
    pub(super) goes_on: bool,
    pub(super) children: Vec<usize>,
}

/// A route with everything it inherited.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// What tells it from all other routes: the matchers on the way to it, such as `/severity="critical"`. The root
    /// is the empty text. It stays as it is when other routes come or go, so that groups go on over a change of the file.
    pub id: String,
    /// Who is told.
    pub receiver: String,
    /// What findings are put together by.
    pub group_by: GroupBy,
    /// How long a group gathers, and how long it then waits between messages.
    pub timing: Timing,
    /// Names of the time intervals in which nobody is told.
    pub muted_in: Vec<String>,
    /// Names of the time intervals outside of which nobody is told; none of them means always.
    pub active_in: Vec<String>,
    /// What becomes of what a mute keeps back.
    pub on_mute: OnMute,
}

/// A route and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedRoute<'r> {
    /// How many routes it stands in.
    pub depth: usize,
    /// What labels must match to take it.
    pub matchers: Vec<String>,
    /// Whether the routes after it are asked too when it matches.
    pub goes_on: bool,
    /// The route.
    pub route: &'r Route,
}

/// Says what findings are put together by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// The rule and all labels: `['...']`, and what a routing file says that says nothing.
    All,
    /// These labels, whichever rules found it.
    Labels(Vec<String>),
}

impl Routes {
    /// Makes a root route alone that tells one receiver everything.
    pub fn to(receiver: impl Into<String>, timing: Timing) -> Self {
        let route = Route {
            id: String::new(),
            receiver: receiver.into(),
            group_by: GroupBy::All,
            timing,
            muted_in: Vec::new(),
            active_in: Vec::new(),
            on_mute: OnMute::default(),
        };
        let root = Node { route, matchers: Vec::new(), goes_on: false, children: Vec::new() };
        Self { nodes: vec![root], intervals: TimeIntervals::default() }
    }

    /// Returns the routes that a set of labels takes, at least one: depth first, children in their order until one
    /// matches that does not say `continue`, and the route itself where none of its children matches.
    pub fn matching(&self, labels: &Labels) -> Vec<&Route> {
        let mut taken = Vec::new();
        self.visit(0, labels, &mut taken);
        taken
    }

    /// Returns the root route.
    ///
    /// # Panics
    /// Never: there is always a root.
    pub fn root(&self) -> &Route {
        &self.nodes.first().expect("routes are made with a root").route
    }

    /// Returns the route of an id, if it is still there.
    pub fn by_id(&self, id: &str) -> Option<&Route> {
        self.nodes.iter().map(|node| &node.route).find(|route| route.id == id)
    }

    /// Returns the time intervals.
    pub fn intervals(&self) -> &TimeIntervals {
        &self.intervals
    }

    /// Says why a route tells nobody at a moment, if it does not: `muted by nights`.
    pub fn muted(&self, route: &Route, at: Timestamp) -> Option<String> {
        let holds = |name: &&String| self.intervals.get(name).is_some_and(|interval| interval.contains(at));
        if let Some(name) = route.muted_in.iter().find(holds) {
            return Some(format!("muted by {name}"));
        }
        let active = route.active_in.is_empty() || route.active_in.iter().any(|name| holds(&name));
        (!active).then(|| format!("muted outside of {}", route.active_in.join(", ")))
    }

    /// Returns all routes, each after the one it stands in.
    pub fn listed(&self) -> Vec<ListedRoute<'_>> {
        let mut listed = Vec::with_capacity(self.nodes.len());
        self.list(0, 0, &mut listed);
        listed
    }

    fn list<'r>(&'r self, index: usize, depth: usize, listed: &mut Vec<ListedRoute<'r>>) {
        let Some(node) = self.nodes.get(index) else { return };
        let matchers = node.matchers.iter().map(ToString::to_string).collect();
        listed.push(ListedRoute { depth, matchers, goes_on: node.goes_on, route: &node.route });
        for &child in &node.children {
            self.list(child, depth + 1, listed);
        }
    }

    /// Says whether a node matches, and adds the routes taken beneath it.
    fn visit<'r>(&'r self, index: usize, labels: &Labels, taken: &mut Vec<&'r Route>) -> bool {
        let Some(node) = self.nodes.get(index) else { return false };
        if !node.matchers.iter().all(|matcher| matcher.matches(labels)) {
            return false;
        }
        let before = taken.len();
        for &child in &node.children {
            let goes_on = self.nodes.get(child).is_none_or(|child| child.goes_on);
            if self.visit(child, labels, taken) && !goes_on {
                break;
            }
        }
        if taken.len() == before {
            taken.push(&node.route);
        }
        true
    }
}
