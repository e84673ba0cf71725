//! Things that exist only because they are stored.

use identity_core::authenticator::{Authenticator, FailureCount};
use identity_core::consent::Consent;
use identity_core::grant::Grant;
use identity_core::id::DeliveryId;
use identity_core::{
    AuthenticatorId, ClientId, GrantId, LoginName, Session, SessionId, Subject, SubjectId,
    Timestamp,
};
use ledger::Sequence;

use crate::credential::{Credential, Label};

/// A subject with the version its next replacement must name.
#[derive(Clone, Debug)]
pub struct VersionedSubject {
    pub subject: Subject,
    pub version: u64,
}

/// An authenticator with everything needed to check it.
#[derive(Clone, Debug)]
pub struct Enrolment {
    pub authenticator: Authenticator,
    /// What its next change must name.
    pub version: u64,
    pub credential: Credential,
    pub label: Option<Label>,
    /// Newest TOTP step accepted; only later ones are (RFC 6238 §5.2).
    pub last_step: Option<u64>,
    pub failures: FailureCount,
}

/// What failures are counted under.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ThrottleKey {
    Authenticator(AuthenticatorId),
    /// A name nobody bears: throttled like a real one, so that waiting tells nothing (ATK-098).
    UnknownName(LoginName),
    /// Codes sent to one person, by whichever way: a code by e-mail is no new chance to guess one that
    /// came by SMS (ATK-104).
    MessageCodes(SubjectId),
    /// Recovery under one name, whether or not anybody bears it.
    Recovery(LoginName),
}

/// A back-channel logout notice to be delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogoutDelivery {
    pub id: DeliveryId,
    pub client: ClientId,
    pub uri: String,
    /// `sub` as this client knows the person.
    pub subject_identifier: String,
    /// `sid` as this client knows the session.
    pub session_identifier: String,
    pub queued_at: Timestamp,
    pub attempts: u32,
    pub due_at: Timestamp,
}

/// A tree head and the compact JWS that signs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    pub size: u64,
    pub root: [u8; 32],
    pub at: Timestamp,
    pub signature: String,
    /// Absent where an earlier release signed.
    pub frontier: Option<Frontier>,
}

/// What it takes to go on with a tree instead of building it from the first row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frontier {
    /// The last row in the tree.
    pub position: Sequence,
    /// Roots of its complete subtrees, largest first.
    pub peaks: Vec<[u8; 32]>,
}

/// What one step of forgetting grants came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GrantsRemoved {
    pub count: u64,
    /// After which grant to go on; `None` at the end.
    pub next: Option<GrantId>,
}

/// Work that one node does for all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lease {
    SealLedger,
    /// Taken for a day and never given back, so that one node a day does it.
    ForgetGrants,
}

impl Enrolment {
    /// Something just enrolled.
    pub fn new(authenticator: Authenticator, credential: Credential) -> Self {
        Self {
            authenticator,
            version: 0,
            credential,
            label: None,
            last_step: None,
            failures: FailureCount::default(),
        }
    }
}

impl Lease {
    pub const fn name(self) -> &'static str {
        match self {
            Self::SealLedger => "seal_ledger",
            Self::ForgetGrants => "forget_grants",
        }
    }
}

/// A row of the operator's list of citizens: no personal data beyond what finds a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubjectListing {
    pub subject: SubjectId,
    pub name: String,
}

/// Whom to read about, and what beside the person.
#[derive(Clone, Copy, Debug)]
pub struct DossierOf<'a> {
    pub subject: SubjectId,
    pub session: Option<SessionId>,
    /// The client whose consent counts.
    pub client: Option<&'a ClientId>,
    pub grant: Option<GrantId>,
}

/// What decides whether somebody may be given something new: the person, how they log in, and what
/// was asked for beside them, as it stood at one moment.
#[derive(Clone, Debug)]
pub struct Dossier {
    pub subject: VersionedSubject,
    /// All but removed ones.
    pub enrolments: Vec<Enrolment>,
    pub session: Option<Session>,
    pub consent: Option<Consent>,
    pub grant: Option<Grant>,
}
