//! Mail as the routing file has it, in Alertmanager's words.

use conftrail_core::Period;
use conftrail_core::alerting::Pace;
use conftrail_engine::Routing;
use conftrail_engine::message::Presentation;
use conftrail_engine::routing::{EmailConfig, Global, ReceiverConfig, RoutingProblem};

use super::config::Field;
use super::receiver::OpenError;
use super::{Config, Receiver, TlsMode};

impl Receiver {
    /// Makes the receiver that a routing file describes; what an entry lacks comes from `global`.
    ///
    /// # Errors
    /// The configuration is wrong or its certificates cannot be read.
    pub fn from_routing(
        receiver: &ReceiverConfig,
        global: &Global,
        presentation: Presentation,
    ) -> Result<Self, OpenError> {
        let one = |email: &EmailConfig| config(&receiver.name, email, global);
        let configs: Vec<Config> = receiver.email_configs.iter().map(one).collect();
        Self::of(receiver.name.clone(), &configs, presentation)
    }
}

fn config(name: &str, email: &EmailConfig, global: &Global) -> Config {
    let own = |own: &Option<String>, global: &Option<String>| own.clone().or_else(|| global.clone());
    // A password of the entry's own, in whichever form, replaces the global one in both.
    let has_password = email.auth_password.is_some() || email.auth_password_file.is_some();
    let (password, password_file) = match has_password {
        true => (email.auth_password.clone(), email.auth_password_file.clone()),
        false => (global.smtp_auth_password.clone(), global.smtp_auth_password_file.clone()),
    };
    let require_tls = email.require_tls.or(global.smtp_require_tls).unwrap_or(true);
    let tls = match (email.implicit_tls, require_tls) {
        (true, _) => TlsMode::Implicit,
        (false, true) => TlsMode::Starttls,
        (false, false) => TlsMode::None,
    };
    Config {
        name: name.to_owned(),
        smarthost: own(&email.smarthost, &global.smtp_smarthost).unwrap_or_default(),
        from: own(&email.from, &global.smtp_from).unwrap_or_default(),
        to: email.addresses().map(str::to_owned).collect(),
        tls,
        // `require_tls: false` is the operator's word, as it is Alertmanager's.
        allow_cleartext: !require_tls,
        ca_file: email.tls_config.ca_file.clone(),
        username: own(&email.auth_username, &global.smtp_auth_username),
        password,
        password_file,
        hello: own(&email.hello, &global.smtp_hello),
        timeout: Period::seconds(30),
        file: email.directory.clone(),
        pace: email.rate_limit.map(|limit| Pace { limit, overflow: email.overflow }),
    }
}

/// Returns everything that is wrong with a routing's mail, in the words and at the paths of the routing file. What is wrong
/// in `global` is told once.
pub fn problems(routing: &Routing) -> Vec<RoutingProblem> {
    let mut problems: Vec<RoutingProblem> = Vec::new();
    for (index, receiver) in routing.receivers.iter().enumerate() {
        for (number, email) in receiver.email_configs.iter().enumerate() {
            let entry = format!("receivers[{index}].email_configs[{number}]");
            for (field, said) in config(&receiver.name, email, &routing.global).problems() {
                let (path, offset) =
                    place(field, &format!("receivers[{index}].name"), &entry, email, routing);
                let problem = RoutingProblem { path, offset, message: said.to_owned() };
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
    }
    problems
}

/// Returns the path in the routing file of what a field was made of, and where in its value.
fn place(field: Field, name: &str, entry: &str, email: &EmailConfig, routing: &Routing) -> (String, usize) {
    let global = &routing.global;
    let own = |key: &str| format!("{entry}.{key}");
    let either = |is_own: bool, key: &str, is_global: bool, shared: &str| {
        if !is_own && is_global { format!("global.{shared}") } else { own(key) }
    };
    let path = match field {
        Field::Name => name.to_owned(),
        Field::From => either(email.from.is_some(), "from", global.smtp_from.is_some(), "smtp_from"),
        Field::Recipients => own("to"),
        Field::To(index) => return (own("to"), address_offset(&email.to, index)),
        Field::Password if email.auth_password.is_some() => own("auth_password"),
        Field::Password if email.auth_password_file.is_some() => own("auth_password_file"),
        Field::Password if global.smtp_auth_password.is_some() => "global.smtp_auth_password".to_owned(),
        Field::Password => "global.smtp_auth_password_file".to_owned(),
        Field::Username => {
            let shared = global.smtp_auth_username.is_some();
            either(email.auth_username.is_some(), "auth_username", shared, "smtp_auth_username")
        }
        Field::Smarthost => {
            let shared = global.smtp_smarthost.is_some();
            either(email.smarthost.is_some(), "smarthost", shared, "smtp_smarthost")
        }
        Field::CaFile => own("tls_config.ca_file"),
        Field::Tls => {
            let shared = global.smtp_require_tls.is_some();
            either(email.require_tls.is_some(), "require_tls", shared, "smtp_require_tls")
        }
        // The routing file has no such key.
        Field::Timeout => entry.to_owned(),
    };
    (path, 0)
}

/// Returns where an address of a list begins, in characters: empty places between commas are no addresses.
fn address_offset(list: &str, index: usize) -> usize {
    let mut offset = 0;
    let mut seen = 0;
    for part in list.split(',') {
        let address = part.trim();
        if !address.is_empty() {
            if seen == index {
                return offset + part.chars().count() - part.trim_start().chars().count();
            }
            seen += 1;
        }
        offset += part.chars().count() + 1;
    }
    0
}

#[cfg(test)]
mod tests {
    use conftrail_engine::Routing;

    use super::*;

    /// Returns a text without its `§`, and where that stood.
    fn marked(text: &str) -> (String, String) {
        let before = text.split('§').next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (text.replace('§', ""), format!("{line}:{column}"))
    }

    #[test]
    fn every_problem_of_mail_stands_at_the_key_or_value_it_is_about() {
        let start = "route: { receiver: ops }\nreceivers:\n  - name: ops\n    email_configs:\n";
        let good = "to: a@b.c, from: f@b.c, smarthost: 'm:25'";
        let entry = |keys: &str| format!("{start}      - {{ {keys} }}\n");
        let shared = |key: &str, keys: &str| format!("{}global: {{ {key} }}\n", entry(keys));
        let login = |more: &str| format!("{good}, auth_username: u, auth_password_file: /p{more}");
        let table = [
            (entry("to: a@b.c, from: §x, smarthost: 'm:25'"), "from: must be an address"),
            (shared("smtp_from: §x", "to: a@b.c, smarthost: 'm:25'"), "global.smtp_from: must be an address"),
            (entry("to: '值班@b.c, , §b', from: f@b.c, smarthost: 'm:25'"), "to: must be an address"),
            (entry("to: a@b.c, from: f@b.c, smarthost: §m"), "smarthost: must be `host:port`"),
            (
                shared("smtp_smarthost: §m", "to: a@b.c, from: f@b.c"),
                "global.smtp_smarthost: must be `host:port`",
            ),
            (entry(&format!("{good}, auth_username: §u")), "auth_username: a login needs"),
            (shared("smtp_auth_username: §u", good), "global.smtp_auth_username: a login needs"),
            (entry(&format!("{good}, auth_password: §x")), "auth_password: a password needs"),
            (entry(&format!("{good}, auth_password_file: §/p")), "auth_password_file: a password needs"),
            (
                shared("smtp_auth_password_file: §/p", good),
                "global.smtp_auth_password_file: a password needs",
            ),
            (
                shared("smtp_auth_password: §x, smtp_auth_password_file: y, smtp_auth_username: u", good),
                "global.smtp_auth_password: give it or its file",
            ),
            (entry(&login(", require_tls: §false")), "require_tls: a password is never sent in clear"),
            (
                shared("smtp_require_tls: §false", &login("")),
                "global.smtp_require_tls: a password is never sent",
            ),
            (
                entry(&format!("{good}, require_tls: false, tls_config: {{ ca_file: §/c }}")),
                "tls_config.ca_file: has no effect",
            ),
        ];
        for (text, expected) in table {
            let (text, place) = marked(&text);
            let routing = Routing::load("r.yaml", &text).expect("the rest is right");
            let found = routing.refused(&problems(&routing)).0;
            let said: Vec<String> = found.iter().map(ToString::to_string).collect();
            let [one] = said.as_slice() else { panic!("{text}: {said:?}") };
            let path = if expected.starts_with("global") { "" } else { "receivers[0].email_configs[0]." };
            assert!(one.starts_with(&format!("r.yaml:{place}: {path}{expected}")), "{text}{one}");
        }
    }

    fn configs(text: &str) -> Vec<Config> {
        let routing = Routing::load("routing.yaml", text).expect("the routing file is right");
        let receiver = routing.root_receiver();
        receiver.email_configs.iter().map(|email| config(&receiver.name, email, &routing.global)).collect()
    }

    #[test]
    fn an_entry_takes_from_global_what_it_lacks() {
        let found = configs(
            "global:
  smtp_smarthost: smtp.example.com:587
  smtp_from: conftrail@example.com
  smtp_auth_username: conftrail
  smtp_auth_password_file: /run/secrets/smtp
route: { receiver: ops }
receivers:
  - name: ops
    email_configs:
      - to: a@example.com, b@example.com
      - { to: c@example.com, smarthost: 'localhost:25', require_tls: false, auth_username: x, auth_password: y }
      - { to: d@example.com, x-implicit-tls: true, smarthost: 'smtp.example.com:465' }
",
        );
        let [first, local, implicit] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(first.to, ["a@example.com", "b@example.com"]);
        assert_eq!((first.tls, first.smarthost.as_str()), (TlsMode::Starttls, "smtp.example.com:587"));
        assert!(first.password_file.is_some() && first.password.is_none());
        assert_eq!((local.tls, local.from.as_str()), (TlsMode::None, "conftrail@example.com"));
        assert!(local.password.is_some() && local.password_file.is_none());
        assert_eq!(implicit.tls, TlsMode::Implicit);
        assert!(found.iter().all(|config| config.validate().is_empty()), "{found:?}");
    }

    #[test]
    fn a_directory_in_place_of_a_server_makes_a_receiver() {
        let text = "route: { receiver: me }
receivers: [{ name: me, email_configs: [{ to: me@localhost, from: conftrail@localhost, x-directory: mail }] }]
";
        let routing = Routing::load("routing.yaml", text).expect("the routing file is right");
        let made = Receiver::from_routing(routing.root_receiver(), &routing.global, Presentation::default());
        let made = made.expect("nothing is missing");
        assert_eq!(conftrail_core::ports::Receiver::integrations(&made), ["email/me@localhost"]);
    }
}
