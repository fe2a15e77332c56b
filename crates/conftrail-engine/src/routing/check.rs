//! What can be known to be wrong without knowing a channel.

use conftrail_core::{Period, nearest};

use super::{EmailConfig, Global, ReceiverConfig, RouteConfig, RoutingProblem};

/// The longest time between a finding and its message.
const LONGEST_WAIT: Period = Period::seconds(24 * 3600);

/// Returns what is wrong with receivers.
pub(super) fn receivers(receivers: &[ReceiverConfig], global: &Global) -> Vec<RoutingProblem> {
    let mut problems = Vec::new();
    let all: Vec<&str> = receivers.iter().map(|receiver| receiver.name.as_str()).collect();
    for (index, receiver) in receivers.iter().enumerate() {
        let place = format!("receivers[{index}]");
        let mut problem = |key: &str, said: String| {
            problems.push(RoutingProblem::new(format!("{place}.{key}"), said));
        };
        if receiver.name.is_empty() {
            problem("name", "a name is needed".to_owned());
        } else if all.get(..index).is_some_and(|before| before.contains(&receiver.name.as_str())) {
            problem("name", format!("`{}` is taken", receiver.name));
        }
        for (number, email) in receiver.email_configs.iter().enumerate() {
            of_email(&format!("{place}.email_configs[{number}]"), email, global, &mut problems);
        }
    }
    problems
}

/// Returns what is wrong with routes, the tree's matchers and groups left out.
pub(super) fn routes(
    root: &RouteConfig,
    receivers: &[ReceiverConfig],
    intervals: Vec<&str>,
) -> Vec<RoutingProblem> {
    let receivers = receivers.iter().map(|receiver| receiver.name.as_str()).collect();
    let mut known = Known { receivers, intervals, problems: Vec::new() };
    known.root(root);
    known.route("route", root);
    known.problems
}

/// The names that routes may use.
struct Known<'f> {
    receivers: Vec<&'f str>,
    intervals: Vec<&'f str>,
    problems: Vec<RoutingProblem>,
}

impl Known<'_> {
    fn problem(&mut self, place: String, said: impl Into<String>) {
        self.problems.push(RoutingProblem::new(place, said));
    }

    /// Every alert takes the root route: what would keep one out of it is refused, as Alertmanager does.
    fn root(&mut self, root: &RouteConfig) {
        if root.receiver.is_none() {
            self.problem("route.receiver".to_owned(), "the root route must name a receiver");
        }
        let kept_out = [
            ("matchers", !root.matchers.is_empty()),
            ("continue", root.goes_on),
            ("mute_time_intervals", !root.mute_time_intervals.is_empty()),
            ("active_time_intervals", !root.active_time_intervals.is_empty()),
        ];
        for (key, is_said) in kept_out {
            if is_said {
                self.problem(
                    format!("route.{key}"),
                    "every alert takes the root route: say it in a child route",
                );
            }
        }
    }

    fn route(&mut self, place: &str, route: &RouteConfig) {
        if let Some(receiver) = &route.receiver
            && !self.receivers.contains(&receiver.as_str())
        {
            let said = unknown("receiver", receiver, &self.receivers);
            self.problem(format!("{place}.receiver"), said);
        }
        for (key, names) in [
            ("mute_time_intervals", &route.mute_time_intervals),
            ("active_time_intervals", &route.active_time_intervals),
        ] {
            for (number, name) in names.iter().enumerate() {
                if !self.intervals.contains(&name.as_str()) {
                    let said = unknown("time interval", name, &self.intervals);
                    self.problem(format!("{place}.{key}[{number}]"), said);
                }
            }
        }
        for (key, period, may_be_zero) in [
            ("group_wait", route.group_wait, true),
            ("group_interval", route.group_interval, false),
            ("repeat_interval", route.repeat_interval, false),
        ] {
            let Some(period) = period else { continue };
            if period.0.is_zero() && !may_be_zero {
                self.problem(format!("{place}.{key}"), "must be longer than nothing");
            } else if period > LONGEST_WAIT && key != "repeat_interval" {
                self.problem(format!("{place}.{key}"), "above 24h people would hear of a change too late");
            }
        }
        for (number, child) in route.routes.iter().enumerate() {
            self.route(&format!("{place}.routes[{number}]"), child);
        }
    }
}

fn unknown(what: &str, wanted: &str, known: &[&str]) -> String {
    let hint = match (nearest(wanted, known.iter().copied()), known.is_empty()) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, true) => "there are none".to_owned(),
        (None, false) => format!("there are: {}", known.join(", ")),
    };
    format!("no {what} is named `{wanted}`; {hint}")
}

fn of_email(place: &str, email: &EmailConfig, global: &Global, problems: &mut Vec<RoutingProblem>) {
    let mut problem = |key: &str, said: &str| {
        problems.push(RoutingProblem::new(format!("{place}.{key}"), said));
    };
    if email.addresses().next().is_none() {
        problem("to", "at least one address is needed");
    }
    if email.from.is_none() && global.smtp_from.is_none() {
        problem("from", "set it, or global.smtp_from");
    }
    let server = email.smarthost.is_some() || global.smtp_smarthost.is_some();
    if !server && email.directory.is_none() {
        problem("smarthost", "set it as host:port, or global.smtp_smarthost");
    }
    if email.auth_password.is_some() && email.auth_password_file.is_some() {
        problem("auth_password", "give it or auth_password_file, not both");
    }
}
