//! The nouns of electronic identification, and the rules that belong to one noun alone.
//!
//! This crate must never know HTTP, SQL, tokens on the wire, files or clocks: time and randomness
//! come in as arguments, and every value here can be made and compared in a unit test.
//!
//! ```text
//!  time        Timestamp · Clock · Entropy                 id        typed identifiers
//!  name        PersonName (NFC, folded for search)         number    personal, legacy and foreigner's numbers
//!  subject     Subject · Profile · Card · GuardianLink     account   Account: level and life cycle
//!  authenticator  what a person proves with                evidence  what was proven, when, how
//!  relying_party  who may ask, under which agreement       session   one browser's login
//!  grant       code -> active -> revoked                   consent   what a person agreed to
//!  event       what the ledger records                     key       wrapped keys and their schedule
//!  access_token  what a sealed token says                  login_name  what a person types
//!  compact     sealed facts in few bytes               decision  a judged request, opaque here
//!  transaction what a login was asked for besides
//! ```

pub mod access_token;
pub mod account;
pub mod authenticator;
pub mod compact;
pub mod consent;
pub mod contact;
pub mod decision;
pub mod event;
pub mod evidence;
pub mod grant;
pub mod id;
pub mod key;
pub mod login_name;
pub mod name;
pub mod number;
pub mod relying_party;
pub mod secret;
pub mod session;
pub mod subject;
pub mod time;
pub mod transaction;

pub use access_token::{AccessToken, RefreshToken, TokenPerson};
pub use account::{Account, AccountLevel, AccountState};
pub use authenticator::{Authenticator, AuthenticatorKind};
pub use decision::RecordedDecision;
pub use event::{EventKind, SecurityEvent};
pub use evidence::AuthenticationEvidence;
pub use id::{
    AuthenticatorId, CaseNumber, ClientId, EventId, EvidenceId, GrantId, SessionId, SubjectId,
};
pub use login_name::LoginName;
pub use name::PersonName;
pub use number::{IdentityNumber, PersonalNumber, Province};
pub use relying_party::RelyingParty;
pub use session::Session;
pub use subject::{Subject, SubjectState};
pub use time::{CalendarDate, Clock, Entropy, Timestamp};
pub use transaction::{GrantedTransaction, TransactionDetails};
