//! Lock and unlock by the holder (Law on Identification art. 34.1a, 34.3: at once). Locks on other
//! grounds are not theirs to lift; the policy says whose they are.

use assurance::Policy;
use assurance::policy::LiftedBy;
use identity_core::account::{AccountError, AccountState, Lock, LockReason, LockedBy};
use identity_core::{Account, AuthenticatorKind, EventKind, Timestamp};
use storage::Enrolment;

use crate::admin::{AdminError, change_account, lock_citizen};
use crate::proof::ways::WAYS;
use crate::provider::Provider;
use crate::session::LiveSession;

/// What the policy in force says of this ground; a ground it does not name is nobody's to lift here.
pub fn holder_may_lift(policy: &Policy, lock: &Lock) -> bool {
    policy.locks.get(&lock.reason).is_some_and(|rule| rule.lifted_by == LiftedBy::Holder)
}

/// Everything ends with it: every session, this one too, every grant and every token.
pub async fn lock_own(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<(), AdminError> {
    let lock = Lock { reason: LockReason::HolderRequest, by: LockedBy::Holder, since: now };
    lock_citizen(provider, live.subject.id, lock, now).await
}

/// How the holder can undo it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WayBack {
    /// By logging in with two factors.
    Online,
    /// They have no second factor: only before an officer.
    InPerson,
}

pub fn way_back(live: &LiveSession, now: Timestamp) -> WayBack {
    let second = |enrolment: &Enrolment| {
        let held = &enrolment.authenticator;
        let has_page = WAYS.iter().any(|way| way.kind == held.kind);
        has_page
            && held.usable(now)
            && held.kind != AuthenticatorKind::Password
            && !held.kind.is_restricted()
    };
    if live.enrolments.iter().any(second) { WayBack::Online } else { WayBack::InPerson }
}

/// Lifts a lock that is the holder's to lift; one that was put on for another reason meanwhile stays.
pub async fn unlock_own(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<(), AdminError> {
    let policy = provider.policy(now)?;
    let lift = |account: Account| match &account.state {
        AccountState::Locked { lock, .. } if !holder_may_lift(&policy, lock) => {
            Err(AccountError::Locked)
        }
        AccountState::Locked { .. }
        | AccountState::Registered { .. }
        | AccountState::Activated { .. }
        | AccountState::Deceased { .. } => account.unlock(),
    };
    change_account(provider, live.subject.id, EventKind::AccountUnlocked, now, lift).await
}
