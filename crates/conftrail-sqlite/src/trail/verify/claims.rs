//! What was signed: the checkpoints of the file and beside it, and whose they are.

use std::collections::{BTreeMap, HashSet};

use conftrail_core::integrity::{
    Checkpoint, Finding, FindingKind, InvalidCheckpoint, InvalidNote, KeyChange, KeyUse, Newest, VerifyingKey,
};

/// The checkpoints that hold by their signature.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) signed: Vec<Checkpoint>,
    /// The newest of them and its note.
    newest: Option<(Checkpoint, String, String)>,
    /// By id: the name, how many, and the sizes of the first and the last.
    keys: BTreeMap<String, (u64, u64, u64)>,
    /// The same of keys that nobody named.
    strangers: BTreeMap<String, (u64, u64, u64)>,
    /// The largest size that anybody signed.
    pub(super) reach: u64,
    pub(super) findings: Vec<Finding>,
}

impl Claims {
    /// Opens notes, each once.
    pub(super) fn open(notes: impl IntoIterator<Item = String>, origin: &str, keys: &[VerifyingKey]) -> Self {
        let mut claims = Self::default();
        let mut met = HashSet::new();
        for note in notes {
            if met.contains(&note) {
                continue;
            }
            claims.open_one(&note, origin, keys);
            met.insert(note);
        }
        claims
    }

    fn open_one(&mut self, note: &str, origin: &str, keys: &[VerifyingKey]) {
        let said = Checkpoint::unverified(note);
        let size = said.as_ref().map_or_else(|| "?".to_owned(), |said| said.size.to_string());
        match Checkpoint::open(note, keys) {
            Ok((checkpoint, _)) if checkpoint.origin != origin => {
                let text =
                    format!("the checkpoint of {size} events is of another trail, {}", checkpoint.origin);
                self.findings.push(Finding::new(FindingKind::Checkpoint, text));
            }
            Ok((checkpoint, key)) => {
                count(&mut self.keys, key.id_text(), checkpoint.size);
                self.reach = self.reach.max(checkpoint.size);
                let newest = self.newest.as_ref();
                if newest.is_none_or(|(newest, ..)| {
                    (newest.size, newest.time) <= (checkpoint.size, checkpoint.time)
                }) {
                    self.newest = Some((checkpoint.clone(), key.id_text(), note.to_owned()));
                }
                self.signed.push(checkpoint);
            }
            Err(InvalidCheckpoint::Note(InvalidNote::UnknownKey(id))) => {
                let size = said.map_or(0, |said| said.size);
                count(&mut self.strangers, id, size);
                self.reach = self.reach.max(size);
            }
            Err(error) => {
                let text = format!("the checkpoint of {size} events does not hold: {error}");
                self.findings.push(Finding::new(FindingKind::Checkpoint, text));
            }
        }
    }

    /// Returns the newest checkpoint, as the tree of `size` leaves with this root stands to it.
    pub(super) fn newest(&self, size: u64, root: Option<&str>) -> Option<Newest> {
        let (checkpoint, key, note) = self.newest.as_ref()?;
        let signed = checkpoint.root.to_string();
        Some(Newest {
            size: checkpoint.size,
            agrees: checkpoint.size == size && root == Some(&signed),
            root: signed,
            time: checkpoint.time,
            key: key.clone(),
            note: note.clone(),
        })
    }

    /// Says what is wrong with the signatures as a whole, for a tree of `size` leaves whose events record these changes
    /// of the key.
    pub(super) fn judge(&mut self, size: u64, recorded: &[KeyChange]) {
        let Some((newest, ..)) = &self.newest else {
            let text = "there is no signed checkpoint that the given keys can check: nothing is proven";
            self.findings.push(Finding::new(FindingKind::Checkpoint, text));
            self.judge_strangers();
            return;
        };
        if newest.size > size {
            let time = newest.time.map_or_else(String::new, |time| format!(" on {time}"));
            let text = format!(
                "{} events were signed{time}, and the file has {size}: the last {}, from leaf {size} on, are gone",
                newest.size,
                newest.size - size
            );
            self.findings.push(Finding::new(FindingKind::RolledBack, text).of_leaf(size));
        }
        let first = self.keys.iter().min_by_key(|(_, (_, from, _))| *from).map(|(id, _)| id.clone());
        for (id, (_, from, _)) in &self.keys {
            let known = recorded.iter().any(|change| change.is.as_ref() == Some(id));
            if Some(id) != first.as_ref() && !known {
                let text = format!(
                    "key {id} signs from {from} events on, and the trail does not record that it came"
                );
                self.findings.push(Finding::new(FindingKind::Key, text));
            }
        }
        self.judge_strangers();
    }

    fn judge_strangers(&mut self) {
        for (id, (checkpoints, from, to)) in &self.strangers {
            let text = format!(
                "{checkpoints} checkpoints, of {from} to {to} events, are signed by key {id}, which is none of the given \
                 keys: they prove nothing until its public half is given too"
            );
            self.findings.push(Finding::new(FindingKind::Key, text));
        }
    }

    /// Returns the keys in the order of their first checkpoint.
    pub(super) fn keys(&self, pinned: bool) -> Vec<KeyUse> {
        let mut keys: Vec<KeyUse> = self
            .keys
            .iter()
            .map(|(id, &(checkpoints, from, to))| KeyUse { id: id.clone(), checkpoints, from, to, pinned })
            .collect();
        keys.sort_by_key(|key| (key.from, key.to));
        keys
    }
}

fn count(keys: &mut BTreeMap<String, (u64, u64, u64)>, id: String, size: u64) {
    let (checkpoints, from, to) = keys.entry(id).or_insert((0, size, size));
    *checkpoints += 1;
    *from = size.min(*from);
    *to = size.max(*to);
}
