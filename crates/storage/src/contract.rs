//! One suite that every store passes (feature `contract`, for tests only).
//!
//! ```text
//!  durable_suite!(make)     a #[tokio::test] per case; `make` is an async fn() that returns an
//!                           Arc<dyn Store> and what must outlive it (a directory, or nothing)
//!  transient_suite!(make)   the same for TransientStore; its epoch is `sample::BEGAN`
//!  subjects · authenticators · sessions · grants · dossiers · registry · loads · nodes · ledger · transient   the cases
//!  sample                   people, logins and grants to play with
//! ```
//!
//! Every case gets a store of its own, empty and migrated.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test suite fails by panicking"
)]

pub mod authenticators;
pub mod dossiers;
pub mod grants;
pub mod ledger;
pub mod loads;
pub mod nodes;
pub mod registry;
pub mod sample;
pub mod sessions;
pub mod subjects;
pub mod transient;

use std::sync::Arc;

use crate::{Change, Commit, Contest, Store};

/// Runs the whole suite against one adapter.
#[macro_export]
macro_rules! durable_suite {
    ($make:path) => {
        $crate::contract_cases!($make;
            subjects::a_subject_reads_back_as_it_was_written,
            subjects::only_the_current_version_can_be_replaced,
            subjects::a_number_or_phone_leads_to_one_person,
            subjects::a_superseded_number_leads_nowhere,
            subjects::people_are_found_by_their_folded_name,
            subjects::of_parallel_registrations_of_one_number_one_wins,
            subjects::of_parallel_replacements_of_one_version_one_wins,
            authenticators::enrolments_read_back_with_their_secrets,
            authenticators::every_status_reads_back_and_removed_ones_are_gone,
            authenticators::a_replaced_credential_is_the_only_one,
            authenticators::every_credential_reads_back_with_its_label,
            authenticators::only_the_current_version_of_a_credential_can_be_replaced,
            authenticators::of_parallel_uses_of_one_recovery_code_one_wins,
            authenticators::what_counts_once_is_consumed_once_per_purpose,
            authenticators::of_parallel_consumptions_one_wins,
            authenticators::a_totp_step_is_accepted_once_and_never_an_earlier_one,
            authenticators::of_parallel_uses_of_one_totp_step_one_wins,
            authenticators::parallel_guesses_cannot_share_a_free_one,
            authenticators::names_nobody_bears_are_throttled_like_real_ones,
            authenticators::nothing_opens_what_does_not_exist,
            sessions::a_session_reads_back_by_identifier_and_handle,
            sessions::extending_adds_evidence_and_replaces_the_handle,
            sessions::parallel_extensions_lose_no_evidence,
            sessions::an_ended_or_expired_session_is_never_extended,
            sessions::the_first_end_of_a_session_stays,
            sessions::sessions_end_in_scope_only,
            sessions::dead_sessions_are_removed_a_few_at_a_time,
            sessions::live_sessions_are_neither_ended_nor_expired_nor_idle,
            grants::a_grant_reads_back_as_it_was_written,
            grants::of_parallel_redemptions_of_one_code_one_wins,
            grants::of_parallel_rotations_of_one_generation_one_wins,
            grants::a_revoked_grant_never_rotates_and_keeps_its_first_reason,
            grants::grants_are_revoked_in_scope_only,
            grants::grants_that_are_long_over_are_removed_step_by_step,
            grants::logout_tells_each_client_of_the_session_once,
            grants::consents_are_kept_per_person_and_client,
            dossiers::a_dossier_holds_what_its_parts_would_say,
            dossiers::a_dossier_of_a_handle_is_that_of_its_session,
            dossiers::a_code_redeemed_with_its_event_is_redeemed_once,
            registry::a_saved_relying_party_replaces_the_one_before,
            registry::a_key_is_made_once_and_its_times_move_from_what_was_seen,
            registry::of_parallel_rotations_one_wins,
            registry::of_parallel_first_starts_one_wins,
            registry::a_key_is_rewrapped_from_what_was_seen,
            registry::logouts_are_due_until_finished,
            loads::what_is_loaded_is_as_if_it_had_been_committed,
            loads::whoever_exists_already_is_not_loaded_again,
            loads::rows_of_another_kind_are_loaded_too,
            nodes::of_parallel_takers_of_a_logout_one_wins,
            nodes::a_lease_has_one_holder_until_it_runs_out,
            ledger::events_come_back_in_order_byte_for_byte,
            ledger::followers_find_where_to_start,
            ledger::suspensions_and_compromises_stand_for_ever,
            ledger::a_person_reads_their_own_history_newest_first,
            ledger::the_first_checkpoint_of_a_size_stays,
            ledger::a_lost_contest_leaves_nothing_of_its_plan,
            ledger::a_failing_change_leaves_nothing_of_its_plan,
            ledger::parallel_plans_append_without_gaps,
        );
    };
}

/// Runs the transient suite against one adapter.
#[macro_export]
macro_rules! transient_suite {
    ($make:path) => {
        $crate::contract_cases!($make;
            transient::a_claim_is_granted_once_until_it_expires,
            transient::purposes_do_not_meet,
            transient::of_parallel_claims_one_wins,
            transient::what_has_expired_cannot_be_claimed,
            transient::what_was_issued_before_the_epoch_is_refused,
            transient::a_count_is_of_its_window_alone,
            transient::parallel_counts_miss_nobody,
            transient::a_value_is_there_until_it_expires_or_is_removed,
            transient::values_of_other_slots_do_not_meet,
            transient::a_value_is_replaced_only_by_who_saw_it,
            transient::of_parallel_replacements_of_one_value_one_wins,
            transient::a_value_that_is_too_long_is_refused,
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($make:path; $($area:ident :: $case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (store, _kept) = $make().await;
                $crate::contract::$area::$case(store).await;
            }
        )*
    };
}

/// Commits a plan that nobody contests.
async fn done(store: &dyn Store, plan: &[Change]) {
    assert_eq!(store.commit(plan).await.unwrap(), Commit::Done);
}

/// Commits a plan that loses.
async fn lost(store: &dyn Store, plan: &[Change], contest: Contest) {
    assert_eq!(store.commit(plan).await.unwrap(), Commit::Lost(contest));
}

/// Commits all plans at once; returns how many were carried out. The others must have lost
/// `contest`.
async fn winners(store: &Arc<dyn Store>, plans: Vec<Vec<Change>>, contest: Contest) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for plan in plans {
        let store = Arc::clone(store);
        tasks.spawn(async move { store.commit(&plan).await.unwrap() });
    }
    let commits = tasks.join_all().await;
    let won = commits.iter().filter(|commit| **commit == Commit::Done).count();
    let beaten = commits.iter().filter(|commit| **commit == Commit::Lost(contest)).count();
    assert_eq!(won + beaten, commits.len(), "{commits:?}");
    won
}
