//! What happened to a person's account, as its holder may see it (kept five years, Decree 69/2024
//! art. 28). What they do not recognise they can dispute (`crate::dispute`).

use std::time::Duration;

use identity_core::{
    AuthenticatorKind, CaseNumber, ClientId, EventKind, SecurityEvent, SessionId, Timestamp,
};
use ledger::{RecordedEvent, Sequence};

use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::LiveSession;

pub struct Entry {
    pub sequence: Sequence,
    pub at: Timestamp,
    pub what: What,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// A relying party learnt who they are.
    Used {
        session: SessionId,
        client: ClientId,
        acr: String,
    },
    /// Somebody proved to be them and, for now, nothing more.
    LoggedIn {
        session: SessionId,
        client: Option<ClientId>,
        with: Vec<AuthenticatorKind>,
    },
    Bound(AuthenticatorKind),
    /// Too many wrong guesses.
    Disabled(AuthenticatorKind),
    Suspended(AuthenticatorKind),
    Removed(AuthenticatorKind),
    PasswordChanged,
    /// The password was forgotten and set anew.
    Recovered,
    /// Codes by message go elsewhere.
    ContactChanged(AuthenticatorKind),
    Locked,
    Unlocked,
    Disputed(CaseNumber),
}

/// Some entries, newest first.
pub struct HistoryPage {
    pub entries: Vec<Entry>,
    /// Where the next, older page begins. Events of other kinds are passed over, so a page may hold
    /// few entries or none and still have older ones behind it.
    pub older: Option<Sequence>,
}

/// The newest entries first, before `before`.
pub async fn history(
    provider: &Provider,
    live: &LiveSession,
    before: Option<Sequence>,
    limit: u32,
) -> Result<HistoryPage, Fault> {
    let events = provider.store.history_of(live.subject.id, before, limit).await?;
    let full = events.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let older = events.last().filter(|_| full).map(RecordedEvent::sequence);
    let mut entries = Vec::new();
    for recorded in &events {
        tell(&mut entries, recorded.sequence(), recorded.event());
    }
    Ok(HistoryPage { entries, older })
}

/// Adds the next older event. A login with two factors for a service is three events and one entry.
fn tell(entries: &mut Vec<Entry>, sequence: Sequence, event: &SecurityEvent) {
    const ONE_LOGIN: Duration = Duration::from_mins(15);
    let Some(what) = what_of(event) else { return };
    // The code that showed that something works is no login of its own.
    if let Some(newer) = entries.last_mut().filter(|newer| newer.at == event.at) {
        if confirms(&what, &newer.what) {
            return;
        }
        if confirms(&newer.what, &what) {
            newer.what = what;
            return;
        }
    }
    let newer = entries.last_mut().filter(|newer| newer.at.since(event.at) <= ONE_LOGIN);
    match (&what, newer.map(|newer| &mut newer.what)) {
        (What::LoggedIn { session, .. }, Some(What::Used { session: of, .. })) if of == session => {
        }
        (
            What::LoggedIn { session, with, .. },
            Some(What::LoggedIn { session: of, with: all, .. }),
        ) if of == session => {
            all.splice(0..0, with.iter().copied());
        }
        _ => entries.push(Entry { sequence, at: event.at, what }),
    }
}

/// A password that was changed or set anew has an entry that says so.
fn but_a_password(kind: AuthenticatorKind) -> Option<AuthenticatorKind> {
    (kind != AuthenticatorKind::Password).then_some(kind)
}

/// Whether this login is only the proof that what was bound works.
fn confirms(login: &What, bound: &What) -> bool {
    matches!((login, bound), (What::LoggedIn { with, .. }, What::Bound(kind)) if *with == [*kind])
}

fn what_of(event: &SecurityEvent) -> Option<What> {
    Some(match &event.kind {
        EventKind::GrantIssued { session, acr, .. } => {
            What::Used { session: *session, client: event.client.clone()?, acr: acr.clone() }
        }
        EventKind::LoginSucceeded { session, factors, .. } => What::LoggedIn {
            session: *session,
            client: event.client.clone(),
            with: factors.clone(),
        },
        EventKind::AuthenticatorBound { kind, .. } => What::Bound(but_a_password(*kind)?),
        EventKind::AuthenticatorDisabled { kind, .. } => What::Disabled(*kind),
        EventKind::AuthenticatorSuspended { kind, .. } => What::Suspended(*kind),
        EventKind::AuthenticatorRemoved { kind, .. } => What::Removed(but_a_password(*kind)?),
        EventKind::PasswordChanged { .. } => What::PasswordChanged,
        EventKind::AccountRecovered { .. } => What::Recovered,
        EventKind::ContactChanged { kind } => What::ContactChanged(*kind),
        EventKind::AccountLocked { .. } => What::Locked,
        EventKind::AccountUnlocked => What::Unlocked,
        EventKind::UseDisputed { case, .. } => What::Disputed(case.clone()),
        // Strangers' attempts, which anybody can make any number of, and what stands on other pages.
        EventKind::LoginRefused { .. }
        | EventKind::RequestRefused { .. }
        | EventKind::AccountCreated
        | EventKind::AccountActivated
        | EventKind::DeathRecorded
        | EventKind::NumberChanged
        | EventKind::SessionEnded { .. }
        | EventKind::ConsentGiven { .. }
        | EventKind::ConsentWithdrawn
        | EventKind::GrantRefreshed { .. }
        | EventKind::GrantRevoked { .. }
        | EventKind::AccessTokenRevoked { .. }
        | EventKind::ClientRegistered
        | EventKind::ClientSuspended
        | EventKind::ClientReinstated
        | EventKind::KeyCreated { .. }
        | EventKind::KeyCompromised { .. }
        | EventKind::OfLaterRelease => return None,
    })
}

#[cfg(test)]
mod tests {
    use identity_core::time::Entropy;

    use super::*;

    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn login(minute: i64, session: SessionId, kind: AuthenticatorKind) -> SecurityEvent {
        let at = Timestamp::from_unix_seconds(1_790_000_000 + minute * 60);
        let factors = vec![kind];
        let kind = EventKind::LoginSucceeded { session, factors, province: None };
        SecurityEvent::new(kind, at, &Zeros)
    }

    #[test]
    fn the_factors_of_one_login_are_one_entry_and_a_later_step_up_is_another() {
        use AuthenticatorKind::{Password, Totp};
        let start = Timestamp::from_unix_seconds(1_790_000_000);
        let one = SessionId::generate(start, &Zeros);
        let other = SessionId::generate(start.plus(Duration::from_secs(1)), &Zeros);
        let mut entries = Vec::new();
        let newest_first =
            [(40, one, Totp), (2, other, Password), (1, one, Totp), (0, one, Password)];
        for (sequence, (minute, session, kind)) in (1..).zip(newest_first) {
            tell(&mut entries, Sequence(sequence), &login(minute, session, kind));
        }
        let with: Vec<_> = entries
            .iter()
            .map(|entry| match &entry.what {
                What::LoggedIn { with, .. } => with.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(with, [vec![Totp], vec![Password], vec![Password, Totp]]);
    }
}
