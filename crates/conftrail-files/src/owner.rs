//! Names of accounts by their numbers.

use std::collections::HashMap;

/// Looks up accounts in the system's list, each once.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    names: HashMap<u32, String>,
}

impl Owners {
    /// Returns the account's name, or `uid N` where the system knows none.
    pub(crate) fn name(&mut self, uid: u32) -> String {
        if let Some(name) = self.names.get(&uid) {
            return name.clone();
        }
        let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let name = account(&list, uid).unwrap_or_else(|| format!("uid {uid}"));
        self.names.insert(uid, name.clone());
        name
    }
}

/// Finds an account in a list in the format of passwd(5).
fn account(list: &str, uid: u32) -> Option<String> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_number() {
        let list = "root:x:0:0:root:/root:/bin/bash\nbroken\napp:x:1000:1000::/srv/app:/bin/sh\n";
        assert_eq!(account(list, 1000).as_deref(), Some("app"));
        assert_eq!(account(list, 7), None);
        assert_eq!(Owners::default().name(4_000_000_000), "uid 4000000000");
    }
}
