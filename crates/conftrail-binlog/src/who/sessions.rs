//! Which login had a thread id at a time: what repeated looks at `performance_schema.threads` add up to.
//!
//! All times are the server's own, read in the same query as the sessions: commit times are the server's too.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use conftrail_core::Timestamp;

use super::{Evidence, Login};

/// Above this the sessions that ended first are forgotten early.
const MOST_SESSIONS: usize = 200_000;
/// Above this the oldest logins of one connection are forgotten early: a pool's may change its user all the time.
const MOST_LOGINS: usize = 256;

/// Holds one session as one look saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFacts {
    /// PROCESSLIST_ID, which is the thread id of QUERY events.
    pub thread_id: u64,
    /// Who it was logged in as.
    pub login: Login,
    /// When it connected, where the server tells.
    pub connected_since: Option<Timestamp>,
    /// How often it has changed its user, as pools let it; 0 where the server does not tell.
    pub changes_of_user: u64,
    /// Since when it has done nothing, where it does nothing now and the server tells.
    pub idle_since: Option<Timestamp>,
}

/// Remembers sessions from CONNECT to DISCONNECT, and for a while longer: the binlog is read behind the present.
#[derive(Debug)]
pub struct Sessions {
    server_id: u32,
    server_started: Timestamp,
    keep: Duration,
    /// The last full look.
    looked_at: Timestamp,
    /// The logins of each thread id, oldest first; more than one after COM_CHANGE_USER.
    by_thread: HashMap<u64, Vec<Stay>>,
    /// Ended stays by the time they were missed, to forget in this order.
    ended: VecDeque<(Timestamp, u64)>,
}

/// One login's time on one thread id.
#[derive(Debug)]
struct Stay {
    login: Login,
    /// It was there from then on at the latest; before that it cannot have been.
    not_before: Timestamp,
    last_seen: Timestamp,
    /// The first look that missed it.
    missed_at: Option<Timestamp>,
    changes_of_user: u64,
    /// From then on it did nothing, up to `last_seen`.
    idle_since: Option<Timestamp>,
}

impl Stay {
    fn new(session: SessionFacts, not_before: Timestamp, seen: Timestamp) -> Self {
        let SessionFacts { login, changes_of_user, idle_since, .. } = session;
        Self { login, not_before, last_seen: seen, missed_at: None, changes_of_user, idle_since }
    }

    /// Says whether it may have committed something then. Who was idle at the time did not: the thread id is forged.
    fn may_have_committed(&self, at: Timestamp) -> bool {
        let was_idle = self.idle_since.is_some_and(|since| since < at && at <= self.last_seen);
        at >= self.not_before && self.missed_at.is_none_or(|missed_at| at <= missed_at) && !was_idle
    }
}

impl Sessions {
    /// Starts for a server with this `@@server_id` that has been up since `server_started`; ended sessions are kept for
    /// `keep`.
    pub fn new(server_id: u32, server_started: Timestamp, keep: Duration) -> Self {
        Self {
            server_id,
            server_started,
            keep,
            looked_at: server_started,
            by_thread: HashMap::new(),
            ended: VecDeque::new(),
        }
    }

    /// Takes in a look at all sessions.
    ///
    /// `at` is the server's clock in the same query. A look older than the last one changes nothing.
    pub fn observe(&mut self, at: Timestamp, sessions: Vec<SessionFacts>) {
        if at < self.looked_at {
            return;
        }
        for session in sessions {
            self.see(at, session);
        }
        for (thread_id, stays) in &mut self.by_thread {
            let Some(stay) = stays.last_mut().filter(|stay| stay.missed_at.is_none()) else {
                continue;
            };
            if stay.last_seen < at {
                stay.missed_at = Some(at);
                self.ended.push_back((at, *thread_id));
            }
        }
        self.looked_at = at;
        self.forget(at);
    }

    /// Returns the login that had a thread id when a transaction committed.
    ///
    /// Thread ids are the origin's: on a replica, transactions of another server resolve to nothing. Between two looks
    /// that saw different logins on one id nobody is guessed.
    pub fn at(&self, header_server_id: u32, thread_id: u64, committed: Timestamp) -> Evidence {
        if header_server_id != self.server_id || thread_id == 0 || committed < self.server_started {
            return Evidence::Unknown;
        }
        let stays = self.by_thread.get(&thread_id).map(Vec::as_slice).unwrap_or_default();
        let found = stays.iter().find(|stay| stay.may_have_committed(committed));
        found.map_or(Evidence::Unknown, |stay| Evidence::Correlated(stay.login.clone()))
    }

    /// Returns how many sessions are remembered.
    pub fn len(&self) -> usize {
        self.by_thread.len()
    }

    /// Says whether no session is remembered.
    pub fn is_empty(&self) -> bool {
        self.by_thread.is_empty()
    }

    fn see(&mut self, at: Timestamp, session: SessionFacts) {
        let stays = self.by_thread.entry(session.thread_id).or_default();
        let Some(last) = stays.last_mut() else {
            // An id is given out once between two starts of the server, so whoever has it now had it before as well,
            // as far back as the last look that would have shown it; unless it came by another user.
            let not_before = match session.changes_of_user {
                0 => session.connected_since.unwrap_or(self.looked_at),
                _ => at,
            };
            stays.push(Stay::new(session, not_before, at));
            return;
        };
        if at < last.last_seen {
            return;
        }
        if last.login == session.login && last.changes_of_user == session.changes_of_user {
            last.last_seen = at;
            last.idle_since = session.idle_since;
            // A look on demand can miss what a full look sees.
            last.missed_at = None;
            return;
        }
        // The same connection under another login: whose a transaction between the two looks was, nobody knows.
        last.missed_at = Some(last.last_seen);
        let limit = at.minus(self.keep);
        let too_many = (stays.len() + 1).saturating_sub(MOST_LOGINS);
        stays.drain(..too_many);
        stays.retain(|stay| stay.missed_at.is_none_or(|missed_at| missed_at >= limit));
        stays.push(Stay::new(session, at, at));
    }

    fn forget(&mut self, now: Timestamp) {
        let limit = now.minus(self.keep);
        while let Some((missed_at, thread_id)) = self.ended.front().copied() {
            if missed_at >= limit && self.by_thread.len() <= MOST_SESSIONS {
                return;
            }
            self.ended.pop_front();
            let is_over = |stay: &Stay| stay.missed_at.is_some_and(|last| last <= missed_at);
            if self.by_thread.get(&thread_id).is_some_and(|stays| stays.iter().all(is_over)) {
                self.by_thread.remove(&thread_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use conftrail_core::Timestamp;

    use super::{Evidence, Login, SessionFacts, Sessions};

    const SERVER: u32 = 33_084;

    fn second(number: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + number)
    }

    fn session(thread_id: u64, user: &str) -> SessionFacts {
        let login = Login { user: user.to_owned(), host: "10.0.0.5".to_owned(), program: None };
        SessionFacts { thread_id, login, ..SessionFacts::default() }
    }

    fn sessions() -> Sessions {
        Sessions::new(SERVER, second(0), Duration::from_secs(60))
    }

    fn user(sessions: &Sessions, thread_id: u64, at: i64) -> Option<String> {
        match sessions.at(SERVER, thread_id, second(at)) {
            Evidence::Correlated(login) => Some(login.user),
            Evidence::Unknown => None,
            Evidence::Exact(_) | Evidence::Invoker(_) => panic!("a thread id is never exact"),
        }
    }

    #[test]
    fn a_session_answers_from_connect_to_disconnect() {
        let mut known = sessions();
        known.observe(second(10), vec![]);
        known.observe(second(20), vec![session(7, "alice")]);
        known.observe(second(30), vec![session(7, "alice")]);
        known.observe(second(40), vec![]);
        let answers = [5, 15, 25, 35, 45].map(|at| user(&known, 7, at).is_some());
        // Between the looks at 10 and 20 it came, between those at 30 and 40 it went; the id is its own all the time.
        assert_eq!(answers, [false, true, true, true, false]);
    }

    #[test]
    fn what_lived_before_the_first_look_is_bounded_by_the_servers_start() {
        let mut known = sessions();
        known.observe(second(100), vec![session(7, "alice")]);
        assert_eq!(user(&known, 7, 50).as_deref(), Some("alice"));
        assert_eq!(user(&known, 7, -1), None);
        let mut told = sessions();
        told.observe(
            second(100),
            vec![SessionFacts { connected_since: Some(second(90)), ..session(7, "alice") }],
        );
        assert_eq!(user(&told, 7, 50), None);
    }

    #[test]
    fn after_a_change_of_user_neither_is_guessed_between_the_looks() {
        let mut known = sessions();
        known.observe(second(10), vec![session(7, "alice")]);
        known.observe(second(20), vec![session(7, "bob")]);
        assert_eq!(user(&known, 7, 9).as_deref(), Some("alice"));
        assert_eq!(user(&known, 7, 15), None);
        assert_eq!(user(&known, 7, 25).as_deref(), Some("bob"));
    }

    #[test]
    fn who_came_by_another_user_is_nobody_before_the_look_and_between_two_changes() {
        let changed = |changes_of_user| vec![SessionFacts { changes_of_user, ..session(7, "alice") }];
        let mut known = sessions();
        known.observe(second(10), changed(1));
        assert_eq!(user(&known, 7, 9), None);
        known.observe(second(20), changed(1));
        assert_eq!(user(&known, 7, 15).as_deref(), Some("alice"));
        known.observe(second(30), changed(3));
        assert_eq!(user(&known, 7, 25), None, "alice, another one, alice");
    }

    #[test]
    fn of_a_connection_that_changes_its_user_all_the_time_the_last_logins_are_known() {
        let changed = |number: i64| {
            let changes_of_user = u64::try_from(number).expect("a count");
            vec![SessionFacts { changes_of_user, ..session(7, "alice") }]
        };
        let mut known = Sessions::new(SERVER, second(0), Duration::from_secs(100_000));
        for number in 1..=10_000 {
            known.observe(second(number), changed(number));
        }
        assert!(known.by_thread[&7].len() <= super::MOST_LOGINS);
        assert_eq!((user(&known, 7, 10_000).as_deref(), user(&known, 7, 5)), (Some("alice"), None));
        let mut known = sessions();
        for number in 1..=200 {
            known.observe(second(number), changed(number));
        }
        assert!(known.by_thread[&7].len() <= 62, "those of the last minute");
    }

    #[test]
    fn a_session_that_was_idle_at_the_time_is_not_the_one() {
        let idle = |since| vec![SessionFacts { idle_since: Some(second(since)), ..session(7, "alice") }];
        let mut known = sessions();
        known.observe(second(10), idle(5));
        assert_eq!((user(&known, 7, 5).as_deref(), user(&known, 7, 8)), (Some("alice"), None));
        known.observe(second(20), idle(15));
        assert_eq!((user(&known, 7, 12).as_deref(), user(&known, 7, 18)), (Some("alice"), None));
        known.observe(second(30), vec![session(7, "alice")]);
        assert_eq!(user(&known, 7, 25).as_deref(), Some("alice"));
    }

    #[test]
    fn thread_ids_of_another_server_resolve_to_nothing() {
        let mut known = sessions();
        known.observe(second(10), vec![session(7, "alice")]);
        assert_eq!(known.at(SERVER + 1, 7, second(10)), Evidence::Unknown);
    }

    #[test]
    fn ended_sessions_are_forgotten_after_their_time_and_living_ones_never() {
        let mut known = sessions();
        known.observe(second(10), vec![session(7, "alice"), session(8, "bob")]);
        known.observe(second(20), vec![session(8, "bob")]);
        known.observe(second(79), vec![session(8, "bob")]);
        assert_eq!(known.len(), 2);
        known.observe(second(81), vec![session(8, "bob")]);
        assert_eq!(known.len(), 1);
        assert_eq!(user(&known, 8, 15).as_deref(), Some("bob"));
    }
}
