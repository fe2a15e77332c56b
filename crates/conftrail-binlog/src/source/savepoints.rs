//! The savepoints of a transaction: to which change each goes back.

use std::collections::{BTreeMap, HashMap};

/// Knows savepoints by name and by age: a transaction may set very many.
#[derive(Debug, Default)]
pub(super) struct Savepoints {
    /// The age of each, by its name in lower case: names have no case.
    by_name: HashMap<String, u64>,
    /// By age: the name, and the number of the change behind it.
    by_age: BTreeMap<u64, (String, u64)>,
    next: u64,
}

impl Savepoints {
    /// Sets one; one of its name is replaced.
    pub(super) fn set(&mut self, name: &str, change: u64) {
        let name = name.to_lowercase();
        if let Some(replaced) = self.by_name.insert(name.clone(), self.next) {
            self.by_age.remove(&replaced);
        }
        self.by_age.insert(self.next, (name, change));
        self.next += 1;
    }

    /// Goes back to one, so that those set later are gone, and returns the number of the first change behind it; 0 when nobody
    /// told of it.
    pub(super) fn back_to(&mut self, name: &str) -> u64 {
        let age = self.by_name.get(&name.to_lowercase()).copied();
        for (later, _) in self.by_age.split_off(&age.map_or(0, |age| age + 1)).into_values() {
            self.by_name.remove(&later);
        }
        age.and_then(|age| self.by_age.get(&age)).map_or(0, |(_, change)| *change)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Savepoints;

    #[test]
    fn going_back_forgets_what_was_set_later_and_keeps_the_one_gone_back_to() {
        let mut savepoints = Savepoints::default();
        for (name, change) in [("a", 1), ("S", 2), ("b", 3)] {
            savepoints.set(name, change);
        }
        assert_eq!(savepoints.back_to("s"), 2);
        assert_eq!(savepoints.back_to("S"), 2);
        assert_eq!(savepoints.back_to("a"), 1);
        assert_eq!(savepoints.back_to("s"), 0, "it was set later");
        savepoints.set("a", 4);
        savepoints.set("b", 5);
        savepoints.set("A", 6);
        assert_eq!(savepoints.back_to("a"), 6, "the one of its name was replaced");
        assert_eq!(savepoints.back_to("b"), 5);
        assert_eq!(savepoints.back_to("a"), 0);
        assert_eq!(savepoints.back_to("unknown"), 0);
    }

    #[test]
    fn very_many_take_no_time() {
        let began = Instant::now();
        let mut savepoints = Savepoints::default();
        for number in 0..200_000_u64 {
            savepoints.set(&format!("s{number}"), number);
            if number % 2 == 0 {
                savepoints.back_to(&format!("s{number}"));
            }
        }
        assert_eq!(savepoints.back_to("s7"), 7);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
