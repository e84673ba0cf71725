//! How one relying party knows a person and a session: stable for it, useless to the next.

use identity_core::relying_party::SubjectType;
use identity_core::{RelyingParty, SessionId, SubjectId};
use jose::digest::{base64url, hmac_sha256};

use crate::provider::Settings;

/// `sub` (OpenID Connect Core §8.1): keyed, so irreversible without our key; the same for every
/// client of a sector; never the personal number.
pub fn subject_identifier(settings: &Settings, party: &RelyingParty, subject: SubjectId) -> String {
    let sector = match &party.subject_type {
        SubjectType::Pairwise { sector } => sector.as_str(),
        SubjectType::Public => "public",
    };
    keyed(settings, &["sub", sector, &subject.to_string()])
}

/// `sid` (Front- and Back-Channel Logout): one per session and client, so that two relying parties
/// cannot find out that they serve the same browser (ATK-083).
pub fn session_identifier(settings: &Settings, party: &RelyingParty, session: SessionId) -> String {
    keyed(settings, &["sid", party.client_id.as_str(), &session.to_string()])
}

/// A telephone number or e-mail address where only whether it is the same one matters.
pub fn address_identifier(settings: &Settings, address: &str) -> String {
    keyed(settings, &["address", address])
}

fn keyed(settings: &Settings, parts: &[&str]) -> String {
    // The parts hold no NUL: sectors are hosts, client ids visible ASCII, the rest our own.
    base64url(&hmac_sha256(settings.pairwise_key.expose(), parts.join("\0").as_bytes()))
}
