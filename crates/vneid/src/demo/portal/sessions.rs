//! Who is signed in at the portal: in memory, bounded, expiring.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::{AccessToken, CsrfToken, Nonce, PkceCodeVerifier};
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq as _;

use super::oidc::IdToken;
use super::requirements::{Assurance, AuthenticationLevel};

/// How long a citizen has to come back from the provider.
const PENDING_SECONDS: i64 = 10 * 60;
/// How long a signed-in session lasts.
pub const SIGNED_IN_SECONDS: i64 = 30 * 60;
/// Logins one browser may have open at once (tabs); the oldest gives way.
const MAX_PENDING: usize = 5;
const MAX_SESSIONS: usize = 10_000;

/// A bearer value: 256 random bits in a cookie. Deliberately without `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId(String);

impl SessionId {
    pub fn random(rng: &SystemRandom) -> Result<Self, ring::error::Unspecified> {
        random_secret(rng).map(Self)
    }

    pub fn from_cookie(value: &str) -> Self {
        Self(value.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 256 random bits, base64url.
pub fn random_secret(rng: &SystemRandom) -> Result<String, ring::error::Unspecified> {
    let mut bytes = [0; 32];
    rng.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Compares two bearer values without telling how much of them agrees.
pub fn same_secret(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

/// A login that went to the provider and has not come back.
pub struct PendingLogin {
    pub state: CsrfToken,
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
    pub purpose: Purpose,
}

/// Why the citizen was sent to the provider, so also where they go afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Home,
    /// Signing in from the page of a procedure.
    Procedure(u8),
    /// Filing a procedure that demanded more.
    StepUp(u8, Demand),
}

/// What a challenge asked for (RFC 9470 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Absent where the level sufficed.
    pub level: Option<AuthenticationLevel>,
    /// Greatest age of the login in seconds.
    pub max_age: Option<u32>,
}

/// A signed-in citizen, as the provider described them.
pub struct Citizen {
    pub subject: String,
    /// The provider's session (`sid`), named by back-channel logout.
    pub provider_session: Option<String>,
    pub id_token: IdToken,
    pub access_token: AccessToken,
    /// Proves that a form came from this session's own pages.
    pub form_token: String,
    pub name: String,
    pub birthdate: Option<String>,
    pub personal_number: Option<String>,
    pub phone_number: Option<String>,
    pub assurance: Assurance,
    /// Authentication method references, RFC 8176.
    pub methods: Vec<String>,
    /// Seconds since the epoch.
    pub authenticated_at: Option<i64>,
}

struct Session {
    citizen: Option<Arc<Citizen>>,
    pending: Vec<PendingLogin>,
    expires_at: i64,
}

/// Whose sessions a logout token ends: OpenID Connect Back-Channel Logout §2.4 wants at least one.
#[derive(Debug, PartialEq, Eq)]
pub enum LoggedOut {
    Session { sid: String, subject: Option<String> },
    Subject(String),
}

impl LoggedOut {
    fn covers(&self, sid: Option<&str>, subject: &str) -> bool {
        match self {
            Self::Session { sid: ended, subject: of } => {
                sid == Some(ended.as_str()) && of.as_deref().is_none_or(|of| of == subject)
            }
            Self::Subject(ended) => ended == subject,
        }
    }
}

#[derive(Default)]
pub struct Sessions(Mutex<Table>);

#[derive(Default)]
struct Table {
    sessions: HashMap<SessionId, Session>,
    /// `jti` of logout tokens already used, with the time after which their age refuses them anyway.
    used_logout_tokens: HashMap<String, i64>,
}

impl Sessions {
    /// Remembers a login that is about to leave for the provider; in `current` if that session is
    /// alive, else in a new one called `fresh`. Returns the session it is bound to.
    pub fn begin_login(
        &self,
        current: Option<&SessionId>,
        pending: PendingLogin,
        fresh: SessionId,
        now: i64,
    ) -> SessionId {
        let mut table = self.table();
        if let Some(id) = current
            && let Some(session) = table.alive(id, now)
        {
            if session.pending.len() >= MAX_PENDING {
                session.pending.remove(0);
            }
            session.pending.push(pending);
            return id.clone();
        }
        let expires_at = now + PENDING_SECONDS;
        table.make_room(now);
        table
            .sessions
            .insert(fresh.clone(), Session { citizen: None, pending: vec![pending], expires_at });
        fresh
    }

    /// The pending login that `state` names in this browser's session. It can be taken once.
    pub fn take_pending(&self, id: &SessionId, state: &str, now: i64) -> Option<PendingLogin> {
        let mut table = self.table();
        let pending = &mut table.alive(id, now)?.pending;
        let found = pending.iter().position(|login| same_secret(login.state.secret(), state))?;
        Some(pending.remove(found))
    }

    /// Signs a citizen in under a fresh handle: the old one, which somebody may have planted before
    /// the login, dies (session fixation). Logins open in other tabs move along.
    pub fn sign_in(&self, old: &SessionId, fresh: SessionId, citizen: Citizen, now: i64) {
        let mut table = self.table();
        let pending = table.sessions.remove(old).map(|session| session.pending).unwrap_or_default();
        table.make_room(now);
        let expires_at = now + SIGNED_IN_SECONDS;
        let citizen = Some(Arc::new(citizen));
        table.sessions.insert(fresh, Session { citizen, pending, expires_at });
    }

    pub fn citizen(&self, id: &SessionId, now: i64) -> Option<Arc<Citizen>> {
        self.table().alive(id, now)?.citizen.clone()
    }

    pub fn end(&self, id: &SessionId) {
        self.table().sessions.remove(id);
    }

    /// Ends every session a logout token covers and says how many there were; `None` when this token
    /// was used before. Check and use are one step: the table stays locked.
    pub fn end_by_token(
        &self,
        who: &LoggedOut,
        jti: &str,
        remember_until: i64,
        now: i64,
    ) -> Option<usize> {
        let mut table = self.table();
        table.used_logout_tokens.retain(|_, until| *until > now);
        if table.used_logout_tokens.insert(jti.to_owned(), remember_until).is_some() {
            return None;
        }
        let mut ended = 0;
        table.sessions.retain(|_, session| {
            let covered = session.citizen.as_deref().is_some_and(|citizen| {
                who.covers(citizen.provider_session.as_deref(), &citizen.subject)
            });
            if covered {
                session.citizen = None;
                ended += 1;
            }
            // Somebody else may be logging in here right now, which is what ended the first one.
            !covered || !session.pending.is_empty()
        });
        Some(ended)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Every change to the table is complete in itself, so a panic elsewhere spoils nothing.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn alive(&mut self, id: &SessionId, now: i64) -> Option<&mut Session> {
        self.sessions.get_mut(id).filter(|session| session.expires_at > now)
    }

    /// Keeps the table bounded. Visitors who never signed in give way first, so that a flood of
    /// started logins cannot throw out citizens.
    fn make_room(&mut self, now: i64) {
        if self.sessions.len() < MAX_SESSIONS {
            return;
        }
        self.sessions.retain(|_, session| session.expires_at > now);
        if self.sessions.len() < MAX_SESSIONS {
            return;
        }
        let victim = self
            .sessions
            .iter()
            .min_by_key(|(_, session)| (session.citizen.is_some(), session.expires_at))
            .map(|(id, _)| id.clone());
        if let Some(id) = victim {
            self.sessions.remove(&id);
        }
    }
}

#[cfg(test)]
pub mod tests;
