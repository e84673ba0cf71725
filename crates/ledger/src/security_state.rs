//! Everything that was taken back and could still matter to a token: small enough for the memory
//! of every node, quick enough to ask on every introspection.
//!
//! **Order rule.** What is taken back by time (a subject's, a client's, a consent's tokens) is every
//! token with `issued_at <= event.at`: in the same millisecond the take-back wins. Compare with the
//! instant of issue in milliseconds; a value rounded down to seconds only errs towards refusal.
//! Instants of two nodes may differ by as much as their clocks do, so a flow that must hit exactly
//! records the grants and sessions it ends as well: those are taken back by name, whenever issued.
//!
//! **Bound.** An entry is dropped when every token it could concern has expired. What remains is
//! the take-backs of the last quarter of an hour, at well under 100 bytes each.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::time::Duration;

use identity_core::id::TokenId;
use identity_core::relying_party::ACCESS_TOKEN_LIFE;
use identity_core::{ClientId, GrantId, SessionId, SubjectId, Timestamp};

use crate::effect::Effect;
use crate::recorded::RecordedEvent;

/// Room for clocks that disagree and for a request that was judged just before the take-back and
/// signed just after it.
const MARGIN: Duration = Duration::from_mins(1);

/// How long an entry is kept, and how far back a starting node reads.
pub const REMEMBERED_FOR: Duration = ACCESS_TOKEN_LIFE.saturating_add(MARGIN);

/// What an access token says about itself, as far as it can be taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenFacts<'a> {
    pub token: TokenId,
    /// Absent for client credentials.
    pub subject: Option<SubjectId>,
    pub client: &'a ClientId,
    /// The session whose end ends the token. Absent for client credentials and for a grant that
    /// outlives the session (`offline_access`).
    pub session: Option<SessionId>,
    pub grant: Option<GrantId>,
    /// The key that sealed or signed it.
    pub kid: &'a str,
    pub issued_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// Nothing known here speaks against it. Expiry and assurance are not judged here.
    Stands,
    TakenBack(TakeBackReason),
}

/// For logs and tests; a relying party only ever learns `active: false` (RFC 7662 §2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TakeBackReason {
    KeyCompromised,
    ClientSuspended,
    SubjectDeceased,
    AccountLocked,
    SessionEnded,
    GrantRevoked,
    ConsentWithdrawn,
    CredentialChanged,
    TokenRevoked,
}

/// See the module's description. Not synchronised: whoever shares it puts it behind a lock.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SecurityState {
    keys: HashSet<String>,
    clients: HashMap<ClientId, Barrier>,
    subjects: HashMap<SubjectId, Barrier>,
    sessions: Marks<SessionId>,
    grants: Marks<GrantId>,
    consents: Marks<(SubjectId, ClientId)>,
    credentials: Marks<SubjectId>,
    /// By expiry, not by the time of revocation.
    tokens: Marks<TokenId>,
}

impl SecurityState {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event into account. Events come in the ledger's order; one that was applied
    /// before does no harm when its successors follow again too.
    pub fn apply(&mut self, recorded: &RecordedEvent) {
        use TakeBackReason::{AccountLocked, ClientSuspended, SubjectDeceased};

        let at = recorded.event().at;
        match recorded.effect().clone() {
            Effect::None => {}
            Effect::AccountLocked { subject } => {
                close(&mut self.subjects, subject, at, AccountLocked);
            }
            Effect::SubjectDied { subject } => {
                close(&mut self.subjects, subject, at, SubjectDeceased);
            }
            Effect::AccountUnlocked { subject } => {
                reopen(&mut self.subjects, subject, at, AccountLocked);
            }
            Effect::ClientSuspended { client } => {
                close(&mut self.clients, client, at, ClientSuspended);
            }
            Effect::ClientReinstated { client } => {
                reopen(&mut self.clients, client, at, ClientSuspended);
            }
            Effect::CredentialChanged { subject } => self.credentials.set(subject, at),
            Effect::SessionEnded { session } => self.sessions.set(session, at),
            Effect::GrantRevoked { grant } => self.grants.set(grant, at),
            Effect::TokenRevoked { token, expires_at } => self.tokens.set(token, expires_at),
            Effect::ConsentWithdrawn { subject, client } => {
                self.consents.set((subject, client), at);
            }
            Effect::KeyCompromised { kid } => {
                self.keys.insert(kid);
            }
        }
    }

    /// Whether anything known takes this token back; the gravest ground first.
    pub fn judge(&self, facts: &TokenFacts<'_>) -> Verdict {
        let ground = self
            .key(facts.kid)
            .or_else(|| barred(&self.clients, facts.client, facts.issued_at))
            .or_else(|| barred(&self.subjects, &facts.subject?, facts.issued_at))
            .or_else(|| self.sessions.named(&facts.session?, TakeBackReason::SessionEnded))
            .or_else(|| self.grants.named(&facts.grant?, TakeBackReason::GrantRevoked))
            .or_else(|| self.consent(facts.subject?, facts.client, facts.issued_at))
            .or_else(|| {
                let reason = TakeBackReason::CredentialChanged;
                self.credentials.since_issue(&facts.subject?, facts.issued_at, reason)
            })
            .or_else(|| self.tokens.named(&facts.token, TakeBackReason::TokenRevoked));
        ground.map_or(Verdict::Stands, Verdict::TakenBack)
    }

    /// The same question for a browser session. Sessions outlive this memory: the session's own row
    /// stays the long truth, this makes its end known to every node at once.
    pub fn session_stands(
        &self,
        session: SessionId,
        subject: SubjectId,
        created_at: Timestamp,
    ) -> Verdict {
        barred(&self.subjects, &subject, created_at)
            .or_else(|| self.sessions.named(&session, TakeBackReason::SessionEnded))
            .map_or(Verdict::Stands, Verdict::TakenBack)
    }

    /// Drops what can no longer concern a living token. Suspensions in force and compromised keys
    /// stay: one is lifted by an event only, and of the other an attacker may still sign today.
    pub fn forget_before(&mut self, now: Timestamp) {
        let horizon = now.minus(REMEMBERED_FOR);
        forget(&mut self.clients, |barrier| match barrier.gate {
            Gate::Closed => true,
            Gate::Reopened => barrier.through > horizon,
        });
        // A locked account gets no new tokens: issuing reads the account itself.
        forget(&mut self.subjects, |barrier| barrier.through > horizon);
        self.sessions.forget(horizon);
        self.grants.forget(horizon);
        self.consents.forget(horizon);
        self.credentials.forget(horizon);
        self.tokens.forget(now.minus(MARGIN));
    }

    /// How many take-backs are remembered.
    pub fn len(&self) -> usize {
        let named = self.sessions.0.len() + self.grants.0.len() + self.tokens.0.len();
        let timed = self.subjects.len() + self.consents.0.len() + self.credentials.0.len();
        named + timed + self.clients.len() + self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn key(&self, kid: &str) -> Option<TakeBackReason> {
        self.keys.contains(kid).then_some(TakeBackReason::KeyCompromised)
    }

    fn consent(
        &self,
        subject: SubjectId,
        client: &ClientId,
        issued_at: Timestamp,
    ) -> Option<TakeBackReason> {
        if self.consents.0.is_empty() {
            return None;
        }
        let key = (subject, client.clone());
        self.consents.since_issue(&key, issued_at, TakeBackReason::ConsentWithdrawn)
    }
}

/// Names with the instant that counts for them.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Marks<K: Hash + Eq>(HashMap<K, Timestamp>);

impl<K: Hash + Eq> Default for Marks<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Marks<K> {
    fn set(&mut self, key: K, at: Timestamp) {
        let mark = self.0.entry(key).or_insert(at);
        *mark = at.max(*mark);
    }

    fn named(&self, key: &K, reason: TakeBackReason) -> Option<TakeBackReason> {
        self.0.contains_key(key).then_some(reason)
    }

    fn since_issue(
        &self,
        key: &K,
        issued_at: Timestamp,
        reason: TakeBackReason,
    ) -> Option<TakeBackReason> {
        self.0.get(key).filter(|at| issued_at <= **at).map(|_| reason)
    }

    fn forget(&mut self, horizon: Timestamp) {
        forget(&mut self.0, |at| *at > horizon);
    }
}

/// Stops everything issued up to an instant, and while closed everything issued later too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Barrier {
    through: Timestamp,
    gate: Gate,
    reason: TakeBackReason,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gate {
    Closed,
    Reopened,
}

fn close<K: Hash + Eq>(
    barriers: &mut HashMap<K, Barrier>,
    key: K,
    at: Timestamp,
    reason: TakeBackReason,
) {
    set_barrier(barriers, key, Barrier { through: at, gate: Gate::Closed, reason });
}

/// What was issued before the reopening stays dead: a taken back token never comes to life again.
fn reopen<K: Hash + Eq>(
    barriers: &mut HashMap<K, Barrier>,
    key: K,
    at: Timestamp,
    reason: TakeBackReason,
) {
    set_barrier(barriers, key, Barrier { through: at, gate: Gate::Reopened, reason });
}

fn set_barrier<K: Hash + Eq>(barriers: &mut HashMap<K, Barrier>, key: K, new: Barrier) {
    let barrier = barriers.entry(key).or_insert(new);
    *barrier = Barrier { through: new.through.max(barrier.through), ..new };
}

fn barred<K: Hash + Eq>(
    barriers: &HashMap<K, Barrier>,
    key: &K,
    issued_at: Timestamp,
) -> Option<TakeBackReason> {
    let barrier = barriers.get(key)?;
    match barrier.gate {
        Gate::Closed => Some(barrier.reason),
        Gate::Reopened => (issued_at <= barrier.through).then_some(barrier.reason),
    }
}

/// Keeps what `keep` says and gives memory back after a mass take-back.
fn forget<K: Hash + Eq, V>(entries: &mut HashMap<K, V>, keep: impl Fn(&V) -> bool) {
    entries.retain(|_, value| keep(value));
    if entries.capacity() > 4 * entries.len().max(64) {
        entries.shrink_to(2 * entries.len());
    }
}

#[cfg(test)]
mod tests;
