//! `/consent`: what a relying party would learn, and the citizen's answer.

use super::shared::{Data, Holder, RelyingParty, Transaction};
use super::{page, samples};

/// The consent page. Posts `csrf`, `interaction`, `claim` (once per ticked optional item) and
/// `decision` (`approve` or `deny`). Nothing optional is ticked beforehand: silence is not
/// consent (Law 91/2025 on personal data protection).
pub struct Consent {
    pub csrf: String,
    pub interaction: String,
    pub relying_party: RelyingParty,
    pub holder: Holder,
    /// What they agree to besides, this once.
    pub transaction: Option<Transaction>,
    /// What the service cannot do without.
    pub essential: Vec<ConsentItem>,
    /// What the citizen may add.
    pub optional: Vec<ConsentItem>,
    pub access: Access,
}

/// One thing to share.
pub struct ConsentItem {
    /// The value posted as `claim`.
    pub claim: String,
    pub data: Data,
    /// The value itself, where showing it helps the decision.
    pub preview: Option<String>,
}

/// How long the relying party may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    WhileSignedIn,
    /// `offline_access` (OpenID Connect Core §11).
    WhileAway,
}

fn sample() -> Consent {
    let item = |claim: &str, data, preview: Option<&str>| ConsentItem {
        claim: claim.into(),
        data,
        preview: preview.map(Into::into),
    };
    Consent {
        csrf: samples::CSRF.into(),
        interaction: samples::INTERACTION.into(),
        relying_party: samples::portal(),
        holder: samples::holder(),
        transaction: None,
        essential: vec![
            item("name", Data::FullName, Some("Nguyễn Thị Minh Khai")),
            item("personal_number", Data::PersonalNumber, Some("001••••••123")),
            item("birthdate", Data::DateOfBirth, None),
            item("account_level", Data::AccountLevel, None),
            item("sex", Data::Sex, None),
            item("nationality", Data::Nationality, None),
            item("former_numbers", Data::FormerNumbers, None),
            item("card", Data::IdentityCard, None),
            item("origin", Data::Origin, None),
            item("guardian", Data::Guardian, None),
        ],
        optional: vec![
            item("phone_number", Data::Phone, Some("•••• ••• 789")),
            item("email", Data::Email, None),
            item("address", Data::Residence, None),
            item("fishing_licence", Data::Other("Giấy phép khai thác thủy sản".into()), None),
        ],
        access: Access::WhileSignedIn,
    }
}

fn faces() -> Vec<(&'static str, Consent)> {
    let short = |mut consent: Consent| {
        consent.essential.truncate(2);
        consent.optional.truncate(2);
        consent
    };
    vec![
        ("consent", short(sample())),
        ("consent-everything", Consent { access: Access::WhileAway, ..sample() }),
        ("consent-only-optional", Consent { essential: Vec::new(), ..sample() }),
        (
            "consent-transaction",
            Consent { transaction: Some(samples::transaction()), ..short(sample()) },
        ),
        ("consent-only-essential", Consent { optional: Vec::new(), ..short(sample()) }),
    ]
}

page!(Consent, "consent.html", faces());
