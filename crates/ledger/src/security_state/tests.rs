use identity_core::EventKind;
use identity_core::account::LockReason;
use identity_core::grant::RevocationReason;
use identity_core::session::SessionEndReason;

use super::*;
use crate::testing::{
    authenticator, client, event, every_kind, grant, record, session, subject, token,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Everything about this token carries the number 1, except what a case changes.
fn facts(client: &ClientId, issued_at: Timestamp) -> TokenFacts<'_> {
    TokenFacts {
        token: token(1),
        subject: Some(subject(1)),
        client,
        session: Some(session(1)),
        grant: Some(grant(1)),
        kid: "k-1",
        issued_at,
    }
}

fn state_after(kinds: impl IntoIterator<Item = (Timestamp, EventKind)>) -> SecurityState {
    let mut state = SecurityState::new();
    for (sequence, (at, kind)) in (1..).zip(kinds) {
        state.apply(&record(sequence, event(at, kind)));
    }
    state
}

fn locked() -> EventKind {
    EventKind::AccountLocked { reason: LockReason::HolderRequest }
}

/// Which tokens an event takes back.
enum Reach {
    /// Those issued up to the event.
    UpToTheEvent,
    /// Those issued later too.
    AllThatNameIt,
    Nothing,
}

fn expected(kind: &EventKind) -> (Reach, Option<TakeBackReason>) {
    use TakeBackReason as Reason;
    let by_name = |reason| (Reach::AllThatNameIt, Some(reason));
    let by_time = |reason| (Reach::UpToTheEvent, Some(reason));
    match kind {
        EventKind::AccountLocked { .. } => by_name(Reason::AccountLocked),
        EventKind::DeathRecorded => by_name(Reason::SubjectDeceased),
        EventKind::AccountUnlocked => by_time(Reason::AccountLocked),
        EventKind::SessionEnded { .. } => by_name(Reason::SessionEnded),
        EventKind::GrantRevoked { .. } => by_name(Reason::GrantRevoked),
        EventKind::AccessTokenRevoked { .. } => by_name(Reason::TokenRevoked),
        EventKind::ConsentWithdrawn => by_time(Reason::ConsentWithdrawn),
        EventKind::PasswordChanged { .. }
        | EventKind::AccountRecovered { .. }
        | EventKind::AuthenticatorDisabled { .. }
        | EventKind::AuthenticatorSuspended { .. }
        | EventKind::AuthenticatorRemoved { .. }
        | EventKind::UseDisputed { .. }
        | EventKind::OfLaterRelease => by_time(Reason::CredentialChanged),
        EventKind::ClientSuspended => by_name(Reason::ClientSuspended),
        EventKind::ClientReinstated => by_time(Reason::ClientSuspended),
        EventKind::KeyCompromised { .. } => by_name(Reason::KeyCompromised),
        EventKind::AccountCreated
        | EventKind::AccountActivated
        | EventKind::NumberChanged
        | EventKind::ContactChanged { .. }
        | EventKind::LoginSucceeded { .. }
        | EventKind::LoginRefused { .. }
        | EventKind::AuthenticatorBound { .. }
        | EventKind::ConsentGiven { .. }
        | EventKind::GrantIssued { .. }
        | EventKind::GrantRefreshed { .. }
        | EventKind::ClientRegistered
        | EventKind::KeyCreated { .. }
        | EventKind::RequestRefused { .. } => (Reach::Nothing, None),
    }
}

#[test]
fn every_kind_of_event_takes_back_exactly_what_it_names() {
    // ATK-139, scorecard 11: the matrix of disabled things, as far as it concerns tokens that are out.
    let portal = client(1);
    for kind in every_kind() {
        let (reach, reason) = expected(&kind);
        let state = state_after([(NOW, kind.clone())]);
        let verdict = reason.map_or(Verdict::Stands, Verdict::TakenBack);
        assert_eq!(state.judge(&facts(&portal, NOW)), verdict, "same millisecond: {kind:?}");
        let later = match reach {
            Reach::AllThatNameIt => verdict,
            Reach::UpToTheEvent | Reach::Nothing => Verdict::Stands,
        };
        assert_eq!(state.judge(&facts(&portal, NOW.plus(MILLISECOND))), later, "{kind:?}");
    }
}

#[test]
fn no_event_reaches_a_token_that_shares_nothing_with_it() {
    let stranger_client = client(2);
    let stranger = TokenFacts {
        token: token(2),
        subject: Some(subject(2)),
        client: &stranger_client,
        session: Some(session(2)),
        grant: Some(grant(2)),
        kid: "k-2",
        issued_at: NOW,
    };
    let state = state_after(every_kind().into_iter().map(|kind| (NOW, kind)));
    assert_eq!(state.judge(&stranger), Verdict::Stands);
}

#[test]
fn a_withdrawn_consent_concerns_one_person_at_one_relying_party() {
    let (portal, other) = (client(1), client(2));
    let state = state_after([(NOW, EventKind::ConsentWithdrawn)]);
    assert_eq!(state.judge(&facts(&other, NOW)), Verdict::Stands);
    let neighbour = TokenFacts { subject: Some(subject(2)), ..facts(&portal, NOW) };
    assert_eq!(state.judge(&neighbour), Verdict::Stands);
}

#[test]
fn a_client_credentials_token_falls_with_its_client_only() {
    let portal = client(1);
    let own = TokenFacts { subject: None, session: None, grant: None, ..facts(&portal, NOW) };
    let person = state_after([(NOW, locked()), (NOW, EventKind::ConsentWithdrawn)]);
    assert_eq!(person.judge(&own), Verdict::Stands);
    let suspended = state_after([(NOW, EventKind::ClientSuspended)]);
    assert_eq!(suspended.judge(&own), Verdict::TakenBack(TakeBackReason::ClientSuspended));
}

#[test]
fn unlocking_lets_new_tokens_stand_and_leaves_old_ones_dead() {
    // L10: while locked, nothing holds, whenever it says it was issued.
    let portal = client(1);
    let unlock = NOW.plus(Duration::from_mins(2));
    let state = state_after([(NOW, locked()), (unlock, EventKind::AccountUnlocked)]);
    let dead = Verdict::TakenBack(TakeBackReason::AccountLocked);
    assert_eq!(state.judge(&facts(&portal, NOW.minus(MILLISECOND))), dead);
    assert_eq!(state.judge(&facts(&portal, unlock)), dead);
    assert_eq!(state.judge(&facts(&portal, unlock.plus(MILLISECOND))), Verdict::Stands);
}

#[test]
fn an_unlock_by_a_node_whose_clock_is_behind_revives_nothing() {
    let portal = client(1);
    let unlock = NOW.minus(Duration::from_millis(5));
    let state = state_after([(NOW, locked()), (unlock, EventKind::AccountUnlocked)]);
    let dead = Verdict::TakenBack(TakeBackReason::AccountLocked);
    assert_eq!(state.judge(&facts(&portal, NOW)), dead);
}

#[test]
fn a_session_falls_with_its_subject_or_by_its_own_end_but_survives_a_new_password() {
    let before = NOW.minus(MILLISECOND);
    let judged = |kind| state_after([(NOW, kind)]).session_stands(session(1), subject(1), before);
    let ended =
        EventKind::SessionEnded { session: session(1), reason: SessionEndReason::EndedByHolder };
    assert_eq!(judged(ended), Verdict::TakenBack(TakeBackReason::SessionEnded));
    assert_eq!(judged(locked()), Verdict::TakenBack(TakeBackReason::AccountLocked));
    assert_eq!(
        judged(EventKind::DeathRecorded),
        Verdict::TakenBack(TakeBackReason::SubjectDeceased)
    );
    let changed = EventKind::PasswordChanged { authenticator: authenticator(1) };
    assert_eq!(judged(changed), Verdict::Stands);
}

#[test]
fn nothing_is_forgotten_while_a_token_it_concerns_can_still_be_alive() {
    let portal = client(1);
    for kind in every_kind() {
        let revoked = match kind {
            EventKind::AccessTokenRevoked { .. } => EventKind::AccessTokenRevoked {
                token: token(1),
                expires_at: NOW.plus(ACCESS_TOKEN_LIFE),
            },
            other => other,
        };
        let mut state = state_after([(NOW, revoked)]);
        let judged = state.judge(&facts(&portal, NOW));
        state.forget_before(NOW.plus(ACCESS_TOKEN_LIFE));
        assert_eq!(state.judge(&facts(&portal, NOW)), judged);
    }
}

#[test]
fn only_suspensions_in_force_and_compromised_keys_outlive_the_tokens() {
    let mut state = state_after(every_kind().into_iter().map(|kind| (NOW, kind)));
    let much_later = NOW.plus(REMEMBERED_FOR);
    state.forget_before(much_later);
    assert_eq!(state.len(), 1, "every_kind ends with the client reinstated: the key is left");

    let portal = client(1);
    state.apply(&record(100, event(much_later, EventKind::ClientSuspended)));
    state.forget_before(much_later.plus(Duration::from_hours(24 * 365)));
    let fresh = TokenFacts { kid: "k-2", ..facts(&portal, much_later) };
    assert_eq!(state.judge(&fresh), Verdict::TakenBack(TakeBackReason::ClientSuspended));
    assert_eq!(
        state.judge(&facts(&portal, much_later)),
        Verdict::TakenBack(TakeBackReason::KeyCompromised)
    );
}

#[test]
fn a_take_back_costs_less_than_a_hundred_bytes() {
    // A hash table of the standard library is at worst 7/16 full and spends a byte per slot.
    let worst = |entry: usize| (entry + 1) * 16 / 7;
    assert!(worst(size_of::<(SessionId, Timestamp)>()) < 100);
    assert!(worst(size_of::<(SubjectId, Barrier)>()) < 100);

    let mut state = SecurityState::new();
    for number in 0..10_000_u64 {
        let id = uuid::Uuid::from_u128(number.into());
        let kind = EventKind::GrantRevoked {
            grant: GrantId::from_uuid(id),
            reason: RevocationReason::ByClient,
        };
        state.apply(&record(number + 1, event(NOW, kind)));
    }
    assert_eq!(state.len(), 10_000);
    state.forget_before(NOW.plus(REMEMBERED_FOR));
    assert!(state.is_empty());
    assert!(state.grants.0.capacity() < 1000, "memory is given back after a mass revocation");
}
