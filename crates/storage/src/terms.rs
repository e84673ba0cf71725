//! How a grant's terms stand in a column: they are the longest thing that a login writes, and there
//! are more grants than anything else that stays.

use identity_core::compact;
use identity_core::grant::GrantTerms;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::StoreError;
use crate::ports::StoreResult;

/// The form in which new grants are written. Either is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TermsForm {
    /// JSON, which is all that the release before reads.
    #[default]
    Json,
    /// As in sealed tokens, in base64: less than half as long. Only for a database that no node of
    /// the release before asks any more.
    Compact,
}

impl TermsForm {
    pub fn write(self, terms: &GrantTerms) -> StoreResult<String> {
        match self {
            Self::Json => serde_json::to_string(terms).map_err(|_| unreadable()),
            Self::Compact => Ok(URL_SAFE_NO_PAD.encode(compact::to_bytes(terms))),
        }
    }
}

/// Whichever form it was written in.
pub fn read(column: &str) -> StoreResult<GrantTerms> {
    if column.starts_with('{') {
        return serde_json::from_str(column).map_err(|_| unreadable());
    }
    let bytes = URL_SAFE_NO_PAD.decode(column).map_err(|_| unreadable())?;
    compact::from_bytes(&bytes).ok_or_else(unreadable)
}

/// Without the cause, which would quote what is in the column.
fn unreadable() -> StoreError {
    StoreError::corrupt("the terms of a grant do not read")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use identity_core::{ClientId, GrantId, SessionId, SubjectId, Timestamp};
    use uuid::Uuid;

    use super::*;

    fn terms() -> GrantTerms {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        GrantTerms {
            grant: GrantId::from_uuid(id),
            client: ClientId::parse("cong-dich-vu").unwrap(),
            subject: SubjectId::from_uuid(id),
            session: SessionId::from_uuid(id),
            scopes: BTreeSet::from(["openid".to_owned(), "profile".to_owned()]),
            userinfo_claims: BTreeSet::from(["name".to_owned()]),
            id_token_claims: BTreeSet::new(),
            evidence: Vec::new(),
            asked_acr: Vec::new(),
            authorized_at: Timestamp::from_unix_seconds(1_795_000_000),
            verified: identity_core::grant::VerifiedWishes::default(),
        }
    }

    #[test]
    fn either_form_reads_back_and_the_compact_one_is_less_than_half_as_long() {
        let terms = terms();
        let [json, compact] =
            [TermsForm::Json, TermsForm::Compact].map(|form| form.write(&terms).unwrap());
        assert_eq!(read(&json).unwrap(), terms);
        assert_eq!(read(&compact).unwrap(), terms);
        assert!(compact.len() * 2 < json.len(), "{} {}", compact.len(), json.len());
    }

    #[test]
    fn what_is_neither_is_corrupt_and_is_not_quoted() {
        for column in ["", "{}", "AQ", "secret value", "ASB"] {
            let error = read(column).unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)), "{column}");
            assert!(!format!("{error:?}").contains("secret"));
        }
    }
}
