//! What every audit store does, whatever it is built on.
//!
//! A case is an async function over [`Trails`]; [`audit_contract!`](crate::audit_contract) makes a test of each.
//! Reopening stands for a restart of the process. `now` in queries is [`crate::queries::now`].

use std::sync::Arc;

use async_trait::async_trait;
use conftrail_core::ports::{AuditReader, AuditWriter, Cursor, Page, SearchRequest, WriteReport};
use conftrail_core::query::Query;
use conftrail_core::{Event, EventId};

pub mod counts;
pub mod current;
pub mod follow;
pub mod search;
pub mod state;
pub mod timeline;
pub mod writing;

/// Both sides of a store.
pub struct Opened {
    /// Writes.
    pub writer: Arc<dyn AuditWriter>,
    /// Reads what was written before.
    pub reader: Arc<dyn AuditReader>,
}

/// One empty store at the beginning of a case, opened as often as the case restarts.
#[async_trait]
pub trait Trails: Send + Sync {
    /// Opens the store with everything that was written to it before; no other handle to it is alive.
    async fn open(&self) -> Opened;
}

/// Makes a test of every case; the argument is an expression that makes [`Trails`] with nothing in them.
#[macro_export]
macro_rules! audit_contract {
    ($trails:expr) => {
        $crate::audit_contract! { @tests $trails;
            writing: an_event_comes_back_whole_after_a_restart
            writing: an_unknown_id_is_no_event
            writing: a_repeat_is_counted_and_changes_nothing
            writing: a_repeat_with_another_actor_is_re_attributed
            writing: a_repeat_with_another_reason_is_re_attributed
            writing: a_repeat_from_another_server_is_no_conflict
            writing: a_repeat_with_other_content_is_a_conflict
            writing: two_readings_in_one_call_are_one_event
            search: every_query_of_the_suite_finds_what_it_must
            search: combinations_of_queries_find_what_the_matcher_finds
            search: pages_join_to_the_whole_newest_first
            search: time_comes_before_log_order
            search: a_page_is_stable_while_events_arrive
            search: bounds_of_time_are_from_and_before
            search: a_foreign_cursor_is_rejected
            search: a_cursor_of_another_question_is_rejected
            follow: nothing_is_missed_or_told_twice_in_the_order_of_recording
            follow: what_does_not_match_moves_the_place_too
            follow: a_place_that_is_none_of_ours_is_rejected
            counts: every_query_of_the_suite_counts_what_it_finds
            counts: facets_and_histogram_count_days_and_parts_of_days
            counts: the_most_frequent_values_come_first
            counts: a_field_that_does_not_exist_is_rejected
            timeline: a_timeline_is_in_log_order_whatever_the_times
            timeline: a_timeline_is_paged_and_stable
            timeline: a_rename_is_in_both_timelines
            current: the_newest_in_log_order_wins_in_whatever_order_it_comes
            current: a_deleted_resource_has_no_value_until_it_is_made_again
            current: a_rename_moves_the_value
            current: a_repeat_leaves_current_alone
            current: values_below_a_truncated_table_are_unknown_until_seen_again
            current: a_table_that_was_emptied_whole_has_no_values_until_rows_come_again
            current: values_of_a_source_with_a_gap_are_unknown_since_the_gap
            current: a_prefix_is_paged_by_id
            state: a_row_has_the_value_of_each_time
            state: a_time_that_the_trail_does_not_cover_is_unknown
            state: a_row_that_may_have_been_removed_unseen_was_not_absent_for_sure
            state: events_about_more_than_a_row_leave_its_state_in_doubt
            state: within_what_a_gap_lost_nothing_is_sure
            state: a_row_of_an_emptied_table_is_absent_by_the_event_that_emptied_it
            state: what_changes_no_value_leaves_none_in_doubt
            state: flags_of_the_event_leave_the_state_in_doubt
            state: a_change_whose_transaction_was_not_committed_is_not_sure
            state: clocks_that_went_back_and_conflicts_are_told
            state: a_rename_moves_the_state
            state: states_below_a_prefix_are_paged_by_id
        }
    };
    (@tests $trails:expr; $($module:ident: $case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::contract::audit::$module::$case(&$trails).await;
            }
        )*
    };
}

impl Opened {
    /// Writes events.
    pub async fn write(&self, events: impl IntoIterator<Item = Event>) -> WriteReport {
        let events: Vec<Arc<Event>> = events.into_iter().map(Arc::new).collect();
        let report = self.writer.write(&events).await.unwrap();
        assert!(report.retry.is_empty() && report.refused.is_empty(), "{report:?}");
        assert_eq!(report.done, events.len() as u64);
        report
    }

    /// Reads every page of a search.
    pub async fn all(&self, request: SearchRequest) -> Vec<Arc<Event>> {
        let mut events = Vec::new();
        let mut cursor: Option<Cursor> = request.cursor.clone();
        loop {
            let page = SearchRequest { cursor, ..request.clone() };
            let Page { events: found, next } = self.reader.search(page).await.unwrap();
            assert!(found.len() <= request.limit);
            events.extend(found);
            match next {
                Some(next) => cursor = Some(next),
                None => return events,
            }
        }
    }
}

/// Returns a request for everything that a query finds, in pages of `limit`.
pub fn request(query: Query, limit: usize) -> SearchRequest {
    SearchRequest { query, since: None, until: None, limit, cursor: None }
}

/// Returns the ids of events.
pub fn ids(events: &[Arc<Event>]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}
