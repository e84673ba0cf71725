//! A question asked of one browser that its answer must come back with: the state of a passkey
//! ceremony, the digest of a code sent by message. It travels sealed in the page, so asking costs no
//! storage; it is answered once, because the answer consumes it in the plan that accepts the answer.

use std::time::Duration;

use identity_core::secret::SecretDigest;
use identity_core::time::random_bytes;
use identity_core::{SessionId, Timestamp};
use jose::TokenKind;
use jose::digest::sha256;
use serde::{Deserialize, Serialize};
use storage::Change;

use crate::interaction::Interaction;
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::sealed::{self, SealedFact};

/// What was asked. An answer to one question is none to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The code in a message.
    MessageCode,
    /// The code in a message to somebody who forgot the password.
    RecoveryCode,
    /// Which new password; whoever may answer has proven enough.
    NewPassword,
    PasskeyLogin,
    PasskeyEnrolment,
    /// That a telephone or e-mail address is the person's.
    Address,
    AppEnrolment,
}

impl Question {
    /// What a consumed answer is remembered under.
    const fn purpose(self) -> &'static str {
        match self {
            Self::MessageCode => "message code",
            Self::RecoveryCode => "recovery by message",
            Self::NewPassword => "new password",
            Self::PasskeyLogin => "passkey login",
            Self::PasskeyEnrolment => "passkey enrolment",
            Self::Address => "address",
            Self::AppEnrolment => "app enrolment",
        }
    }
}

/// Whom the question is put to. All of it must be the same when the answer comes (ATK-091).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    browser: SecretDigest,
    /// The attempt it is part of; none on the citizen's own pages.
    interaction: Option<SecretDigest>,
    /// Where somebody is logged in already.
    session: Option<SessionId>,
}

impl Asked {
    /// In the middle of a login.
    pub fn during(interaction: &Interaction, session: Option<SessionId>) -> Result<Self, Fault> {
        let fingerprint = Some(interaction.fingerprint()?);
        Ok(Self { browser: interaction.browser, interaction: fingerprint, session })
    }

    /// Of whoever sits at this browser, before anything is known of them.
    pub const fn nobody_yet(browser: SecretDigest) -> Self {
        Self { browser, interaction: None, session: None }
    }

    /// Of somebody on their own pages; `browser` is the digest of the browser's own cookie.
    pub const fn at_home(browser: SecretDigest, session: SessionId) -> Self {
        Self { browser, interaction: None, session: Some(session) }
    }
}

/// The question as the browser keeps it.
#[derive(Serialize, Deserialize)]
pub struct Challenge {
    question: Question,
    asked: Asked,
    /// What it is consumed by.
    id: [u8; 16],
    /// Of what answers it, where that is a secret. Sealed, so that a short code cannot be searched for.
    secret: Option<SecretDigest>,
    /// What checking the answer needs: the state of a ceremony as its library writes it, or which
    /// authenticator is meant.
    state: String,
    expires_at: Timestamp,
}

impl SealedFact for Challenge {
    const KIND: TokenKind = TokenKind::Challenge;
}

impl Challenge {
    /// Bounds what may live: used-up challenges are remembered for little longer.
    pub const LONGEST_LIFE: Duration = Duration::from_mins(15);

    pub fn new(
        provider: &Provider,
        question: Question,
        asked: Asked,
        life: Duration,
        now: Timestamp,
    ) -> Self {
        Self {
            question,
            asked,
            id: random_bytes(provider.entropy.as_ref()),
            secret: None,
            state: String::new(),
            expires_at: now.plus(life.min(Self::LONGEST_LIFE)),
        }
    }

    #[must_use]
    pub fn with_secret(self, secret: &str) -> Self {
        let secret = Some(self.digest_of(secret));
        Self { secret, ..self }
    }

    #[must_use]
    pub fn with_state(self, state: String) -> Self {
        Self { state, ..self }
    }

    /// Goes into the form as it is.
    pub fn seal(&self, provider: &Provider, now: Timestamp) -> Result<String, Fault> {
        sealed::seal(provider, self, now)
    }

    /// The question a browser brings back. `None`: another one, of somebody else, or too old.
    pub fn open(
        provider: &Provider,
        sealed_text: &str,
        question: Question,
        asked: &Asked,
        now: Timestamp,
    ) -> Option<Self> {
        sealed::open::<Self>(provider, sealed_text, now).filter(|challenge| {
            challenge.question == question
                && challenge.asked == *asked
                && now < challenge.expires_at
        })
    }

    pub fn state(&self) -> &str {
        &self.state
    }

    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether this is the secret that answers it; compared in constant time. Wrong answers are for
    /// the gate to count: they do not consume the question.
    pub fn is_answered_by(&self, secret: &str) -> bool {
        self.secret.is_some_and(|expected| expected == self.digest_of(secret))
    }

    /// What it is consumed by, and remembered by.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(sha256(&self.id))
    }

    /// Part of the plan that accepts the answer. Lost when it was answered before.
    pub fn consume(&self) -> Change {
        Change::ConsumeOnce {
            purpose: self.question.purpose(),
            digest: self.digest(),
            expires_at: self.expires_at,
        }
    }

    fn digest_of(&self, secret: &str) -> SecretDigest {
        SecretDigest(sha256(&[self.id.as_slice(), secret.as_bytes()].concat()))
    }
}
