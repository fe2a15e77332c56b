//! Mail as the routing file has it, in Alertmanager's words.

use conftrail_core::Period;
use conftrail_engine::message::Presentation;
use conftrail_engine::routing::{EmailConfig, Global, ReceiverConfig};

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
    }
}

#[cfg(test)]
mod tests {
    use conftrail_engine::Routing;

    use super::*;

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
