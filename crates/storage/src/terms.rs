//! How a grant's terms stand in a column: they are the longest thing that a login writes, and there
//! are more grants than anything else that stays.

use std::collections::BTreeSet;

use identity_core::compact::{self, Compact, Input, write_fields};
use identity_core::grant::{GrantTerms, VerifiedWishes};
use identity_core::{
    AuthenticationEvidence, ClientId, GrantId, GrantedTransaction, SessionId, SubjectId, Timestamp,
};

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
    /// As in sealed tokens, in base64, without what stands in columns of its own: a third as long. Only
    /// for a database that no node of the release before asks any more.
    Compact,
}

impl TermsForm {
    pub fn write(self, terms: &GrantTerms) -> StoreResult<String> {
        match self {
            Self::Json => serde_json::to_string(terms).map_err(|_| unreadable()),
            Self::Compact => Ok(URL_SAFE_NO_PAD.encode(compact::to_bytes(&ShortTerms::of(terms)))),
        }
    }
}

/// What columns of their own say of a grant.
pub struct GrantColumns {
    pub grant: GrantId,
    pub client: ClientId,
    pub subject: SubjectId,
    pub session: SessionId,
}

/// Whichever form it was written in.
pub fn read(column: &str, beside: GrantColumns) -> StoreResult<GrantTerms> {
    if column.starts_with('{') {
        return serde_json::from_str(column).map_err(|_| unreadable());
    }
    let bytes = URL_SAFE_NO_PAD.decode(column).map_err(|_| unreadable())?;
    let short: ShortTerms = compact::read(&bytes).ok_or_else(unreadable)?;
    Ok(short.with(beside))
}

/// Without the cause, which would quote what is in the column.
fn unreadable() -> StoreError {
    StoreError::corrupt("the terms of a grant do not read")
}

/// The rest. Fields are only ever added at the end (see [`identity_core::compact`]).
struct ShortTerms {
    scopes: BTreeSet<String>,
    userinfo_claims: ClaimNames,
    id_token_claims: ClaimNames,
    evidence: Vec<AuthenticationEvidence>,
    asked_acr: Vec<String>,
    authorized_at: Timestamp,
    verified: VerifiedWishes,
    transaction: Option<GrantedTransaction>,
}

impl ShortTerms {
    fn of(terms: &GrantTerms) -> Self {
        Self {
            scopes: terms.scopes.clone(),
            userinfo_claims: ClaimNames(terms.userinfo_claims.clone()),
            id_token_claims: ClaimNames(terms.id_token_claims.clone()),
            evidence: terms.evidence.clone(),
            asked_acr: terms.asked_acr.clone(),
            authorized_at: terms.authorized_at,
            verified: terms.verified.clone(),
            transaction: terms.transaction.clone(),
        }
    }

    fn with(self, beside: GrantColumns) -> GrantTerms {
        let GrantColumns { grant, client, subject, session } = beside;
        GrantTerms {
            grant,
            client,
            subject,
            session,
            scopes: self.scopes,
            userinfo_claims: self.userinfo_claims.0,
            id_token_claims: self.id_token_claims.0,
            evidence: self.evidence,
            asked_acr: self.asked_acr,
            authorized_at: self.authorized_at,
            verified: self.verified,
            transaction: self.transaction,
        }
    }
}

impl Compact for ShortTerms {
    fn write(&self, bytes: &mut Vec<u8>) {
        write_fields(bytes, |bytes| {
            self.scopes.write(bytes);
            self.userinfo_claims.write(bytes);
            self.id_token_claims.write(bytes);
            self.evidence.write(bytes);
            self.asked_acr.write(bytes);
            self.authorized_at.write(bytes);
            self.verified.write(bytes);
            self.transaction.write(bytes);
        });
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let mut fields = input.fields()?;
        Some(Self {
            scopes: Compact::read(&mut fields)?,
            userinfo_claims: Compact::read(&mut fields)?,
            id_token_claims: Compact::read(&mut fields)?,
            evidence: Compact::read(&mut fields)?,
            asked_acr: Compact::read(&mut fields)?,
            authorized_at: Compact::read(&mut fields)?,
            verified: Compact::read(&mut fields)?,
            // Terms written before there were any end here.
            transaction: if fields.is_empty() { None } else { Compact::read(&mut fields)? },
        })
    }
}

/// Names of claims, the frequent ones by number.
struct ClaimNames(BTreeSet<String>);

/// Numbered from 1, for ever: new names go to the end. A name that is not here is written out.
const NUMBERED: [&str; 20] = [
    "name",
    "family_name",
    "middle_name",
    "given_name",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "address",
    "vn_personal_number",
    "vn_account_type",
    "vn_account_level",
    "vn_authentication_level",
    "vn_nationality",
    "vn_legacy_number",
];

impl Compact for ClaimNames {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.len().write(bytes);
        for name in &self.0 {
            if let Some(index) = NUMBERED.iter().position(|numbered| numbered == name) {
                (index + 1).write(bytes);
            } else {
                0usize.write(bytes);
                name.write(bytes);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let mut names = BTreeSet::new();
        for _ in 0..input.count()? {
            names.insert(match usize::read(input)? {
                0 => String::read(input)?,
                number => (*NUMBERED.get(number - 1)?).to_owned(),
            });
        }
        Some(Self(names))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn texts(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    fn beside(terms: &GrantTerms) -> GrantColumns {
        GrantColumns {
            grant: terms.grant,
            client: terms.client.clone(),
            subject: terms.subject,
            session: terms.session,
        }
    }

    fn terms() -> GrantTerms {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        GrantTerms {
            grant: GrantId::from_uuid(id),
            client: ClientId::parse("cong-dich-vu").unwrap(),
            subject: SubjectId::from_uuid(id),
            session: SessionId::from_uuid(id),
            scopes: BTreeSet::from(["openid".to_owned(), "profile".to_owned()]),
            userinfo_claims: texts(&["name", "urn:example:unheard-of"]),
            id_token_claims: BTreeSet::new(),
            evidence: Vec::new(),
            asked_acr: Vec::new(),
            authorized_at: Timestamp::from_unix_seconds(1_795_000_000),
            verified: identity_core::grant::VerifiedWishes::default(),
            transaction: None,
        }
    }

    #[test]
    fn either_form_reads_back_and_the_compact_one_is_less_than_half_as_long() {
        let terms = terms();
        let [json, compact] =
            [TermsForm::Json, TermsForm::Compact].map(|form| form.write(&terms).unwrap());
        assert_eq!(read(&json, beside(&terms)).unwrap(), terms);
        assert_eq!(read(&compact, beside(&terms)).unwrap(), terms);
        assert!(compact.len() * 4 < json.len(), "{} {}", compact.len(), json.len());
    }

    #[test]
    fn a_transaction_stands_in_either_form_and_terms_from_before_have_none() {
        let details = identity_core::TransactionDetails {
            kind: "transfer".to_owned(),
            amount: 20_000_000,
            day_total: None,
            known_device: false,
            reference: "FT17".to_owned(),
            procedure: None,
        };
        let granted = GrantedTransaction { id: "t".to_owned(), details };
        let with = GrantTerms { transaction: Some(granted), ..terms() };
        for form in [TermsForm::Json, TermsForm::Compact] {
            let column = form.write(&with).unwrap();
            assert_eq!(read(&column, beside(&with)).unwrap(), with);
        }
        // Short terms end with the byte that says there is none: without it they are the older ones.
        let column = URL_SAFE_NO_PAD.decode(TermsForm::Compact.write(&terms()).unwrap()).unwrap();
        let [format, length, fields @ .., 0] = column.as_slice() else { panic!("{column:?}") };
        let older = [&[*format, length - 1], fields].concat();
        let column = URL_SAFE_NO_PAD.encode(older);
        assert_eq!(read(&column, beside(&terms())).unwrap(), terms());
    }

    #[test]
    fn claims_are_numbered_where_they_are_known_and_written_out_where_not() {
        let named = |names: &[&str]| {
            let terms = GrantTerms { userinfo_claims: texts(names), ..terms() };
            let column = TermsForm::Compact.write(&terms).unwrap();
            assert_eq!(read(&column, beside(&terms)).unwrap(), terms);
            column.len()
        };
        assert!(named(&NUMBERED) < named(&["urn:example:one", "urn:example:two"]) + 20);
        // Their numbers stand in databases.
        assert_eq!(NUMBERED.first(), Some(&"name"));
        assert_eq!(NUMBERED.last(), Some(&"vn_legacy_number"));
        let beyond = compact::to_bytes(&Beyond);
        assert!(compact::read::<ClaimNames>(&beyond).is_none(), "a number of a later release");
    }

    struct Beyond;

    impl Compact for Beyond {
        fn write(&self, bytes: &mut Vec<u8>) {
            1usize.write(bytes);
            (NUMBERED.len() + 1).write(bytes);
        }

        fn read(_: &mut Input<'_>) -> Option<Self> {
            None
        }
    }

    #[test]
    fn what_is_neither_is_corrupt_and_is_not_quoted() {
        for column in ["", "{}", "AQ", "secret value", "ASB"] {
            let error = read(column, beside(&terms())).unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)), "{column}");
            assert!(!format!("{error:?}").contains("secret"));
        }
    }
}
