//! What every control store does, whatever it is built on.
//!
//! A case is an async function over [`Stores`]; [`control_contract!`](crate::control_contract) makes a test of
//! each. Reopening stands for a restart of the process.

use std::sync::Arc;

use async_trait::async_trait;
use conftrail_core::ports::ControlStore;

pub mod accounts;
pub mod alerts;
pub mod checkpoints;
pub mod deliveries;
pub mod detections;
pub mod ledger;
pub mod notifications;
pub mod outbox_order;
pub mod own_audit;
pub mod rule_sets;
pub mod sample;
pub mod silences;
pub mod tokens;

/// One empty store at the beginning of a case, opened as often as the case restarts.
#[async_trait]
pub trait Stores: Send + Sync {
    /// Opens the store with everything that was written to it before; no other handle to it is alive.
    async fn open(&self) -> Arc<dyn ControlStore>;
}

/// Makes a test of every case; the argument is an expression that makes [`Stores`] with nothing in them.
#[macro_export]
macro_rules! control_contract {
    ($stores:expr) => {
        $crate::control_contract! { @tests $stores;
            checkpoints: a_source_that_was_never_saved_has_no_checkpoint
            checkpoints: a_checkpoint_survives_a_restart_to_the_last_bit
            checkpoints: a_save_touches_only_the_entries_and_the_source_it_names
            checkpoints: saving_again_changes_nothing
            checkpoints: a_checkpoint_is_moved_by_who_claimed_it_last
            checkpoints: the_first_checkpoint_of_a_source_is_of_who_saves_first
            checkpoints: the_sources_with_a_checkpoint_are_listed
            checkpoints: what_was_seen_of_the_log_is_kept_by_source
            detections: a_detection_is_recorded_once
            detections: the_first_occurrence_of_a_detection_stays
            detections: detections_come_back_whole_and_oldest_first
            detections: a_workload_holds_no_more_open_detections_than_asked_for
            detections: a_replay_does_not_reopen_what_was_folded
            alerts: a_fold_is_applied_as_a_whole_and_survives_a_restart
            alerts: the_events_of_an_alert_are_those_of_all_its_detections
            alerts: repeating_a_fold_changes_nothing
            alerts: a_fate_is_final
            alerts: a_gathering_alert_comes_with_the_detections_it_shows
            alerts: an_alert_shows_what_another_alert_has_too
            alerts: the_groups_of_open_detections_are_those_it_is_told
            alerts: due_groups_are_in_the_workload_and_the_next_names_its_time
            alerts: a_group_knows_when_it_was_last_announced
            alerts: an_announced_alert_never_gathers_again
            alerts: alerts_are_listed_newest_first
            notifications: a_notification_comes_back_as_it_was_made
            notifications: a_known_notification_stays_as_it_is
            notifications: what_is_not_due_is_neither_handed_out_nor_intended
            notifications: an_attempt_is_begun_by_one_worker_only
            notifications: only_an_intent_can_be_settled
            notifications: a_retry_is_no_repeat_and_a_lost_answer_is
            notifications: intents_of_a_process_that_ended_may_have_arrived
            notifications: a_dead_notification_can_be_put_back_with_its_act
            notifications: what_is_suppressed_or_settled_is_never_sent
            outbox_order: the_longest_due_comes_first_and_no_more_than_asked_for
            outbox_order: what_is_due_at_the_same_time_comes_in_the_order_it_was_made
            outbox_order: a_message_in_backoff_holds_back_no_other
            outbox_order: an_attempt_under_way_holds_back_no_other
            outbox_order: a_dead_letter_holds_back_no_other
            outbox_order: the_next_due_time_is_that_of_what_still_waits
            deliveries: every_integration_hands_out_its_own_share
            deliveries: attempts_are_counted_over_a_restart_and_time_makes_room
            deliveries: a_backlog_counts_what_is_due_and_what_is_free
            deliveries: what_waits_is_listed_for_a_digest
            deliveries: a_digest_takes_the_place_of_what_waits
            deliveries: what_does_not_wait_goes_into_no_digest
            deliveries: what_may_have_arrived_goes_into_no_digest
            deliveries: another_receiver_is_told_with_the_death_and_not_without_it
            deliveries: another_receiver_is_told_once
            deliveries: what_waits_too_long_is_found_until_others_are_told
            ledger: the_ledger_of_an_empty_store_is_zero
            ledger: every_detection_is_in_one_state
            ledger: every_notification_is_in_one_state
            ledger: what_points_nowhere_is_unaccounted
            ledger: what_happened_before_is_left_out
            silences: a_silence_comes_back_as_it_was_made_with_its_act
            silences: a_silence_ends_once_with_its_act
            silences: only_silences_that_hold_are_in_the_workload
            silences: the_end_of_a_silence_is_due_until_it_was_told
            silences: what_gathers_under_a_silence_is_due_when_it_ends
            silences: what_a_silence_held_back_counts_once
            silences: there_are_no_more_silences_than_can_be_asked
            tokens: a_token_is_found_by_its_hash_and_by_nothing_else
            tokens: a_name_belongs_to_one_valid_token
            tokens: a_token_is_revoked_once
            tokens: a_refused_token_leaves_no_act
            own_audit: acts_are_numbered_in_order_and_paged
            own_audit: numbers_go_on_after_a_restart
            own_audit: the_last_act_on_a_thing_is_known
            own_audit: what_is_set_aside_is_kept_once_and_whole
            accounts: a_finding_leads_to_its_alert_and_messages
            rule_sets: a_published_rule_set_survives_a_restart
            rule_sets: a_rule_set_that_is_in_force_already_leaves_no_act
            rule_sets: another_rule_set_takes_the_place_with_its_act
        }
    };
    (@tests $stores:expr; $($module:ident: $case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::contract::control::$module::$case(&$stores).await;
            }
        )*
    };
}
