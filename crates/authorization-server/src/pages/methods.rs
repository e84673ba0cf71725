//! The ways to prove who you are, each with its page and its words; and `/login/choose`, where a
//! person takes another one.

use identity_core::AuthenticatorKind;

use super::shared::{Holder, RelyingParty};
use super::{Frame, page, paths, samples};

/// A kind of authenticator that has a page. This table is all that a new one needs here; what can be
/// proven with at all is `flows::proof::ways`.
pub struct Method {
    pub kind: AuthenticatorKind,
    /// In forms and in the cookie that remembers the one used last.
    pub word: &'static str,
    pub path: &'static str,
    /// Text ids: what it is called, and what it takes.
    name: &'static str,
    takes: &'static str,
}

pub const METHODS: &[Method] = &[
    Method {
        kind: AuthenticatorKind::Password,
        word: "password",
        path: paths::LOGIN,
        name: "method-password",
        takes: "method-password-takes",
    },
    Method {
        kind: AuthenticatorKind::Passkey,
        word: "passkey",
        path: paths::LOGIN_PASSKEY,
        name: "method-passkey",
        takes: "method-passkey-takes",
    },
    Method {
        kind: AuthenticatorKind::App,
        word: "app",
        path: paths::LOGIN_APP,
        name: "method-app",
        takes: "method-app-takes",
    },
    Method {
        kind: AuthenticatorKind::Totp,
        word: "totp",
        path: paths::LOGIN_TOTP,
        name: "method-totp",
        takes: "method-totp-takes",
    },
    Method {
        kind: AuthenticatorKind::RecoveryCode,
        word: "recovery-code",
        path: paths::LOGIN_RECOVERY_CODE,
        name: "method-recovery-code",
        takes: "method-recovery-code-takes",
    },
    Method {
        kind: AuthenticatorKind::SmsCode,
        word: "sms-code",
        path: paths::LOGIN_SMS_CODE,
        name: "message-title-sms",
        takes: "method-sms-code-takes",
    },
    Method {
        kind: AuthenticatorKind::EmailCode,
        word: "email-code",
        path: paths::LOGIN_EMAIL_CODE,
        name: "message-title-email",
        takes: "method-email-code-takes",
    },
    Method {
        kind: AuthenticatorKind::Face,
        word: "face",
        path: paths::LOGIN_FACE,
        name: "method-face",
        takes: "method-face-takes",
    },
    Method {
        kind: AuthenticatorKind::Fingerprint,
        word: "fingerprint",
        path: paths::LOGIN_FINGERPRINT,
        name: "method-fingerprint",
        takes: "method-fingerprint-takes",
    },
];

pub fn of_kind(kind: AuthenticatorKind) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.kind == kind)
}

/// What a kind is called, also one that nothing here can prove with.
pub(super) fn name_of(kind: AuthenticatorKind, frame: &Frame<'_>) -> String {
    of_kind(kind).map_or_else(|| frame.t("method-other"), |method| method.name(frame))
}

/// Several kinds in one line.
pub(super) fn names_of(kinds: &[AuthenticatorKind], frame: &Frame<'_>) -> String {
    kinds.iter().map(|kind| name_of(*kind, frame)).collect::<Vec<_>>().join(", ")
}

pub fn of_word(word: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.word == word)
}

impl Method {
    pub(super) fn name(&self, frame: &Frame<'_>) -> String {
        frame.t(self.name)
    }

    pub(super) fn takes(&self, frame: &Frame<'_>) -> String {
        frame.t(self.takes)
    }
}

/// `/login/choose`. Posts `csrf`, `interaction` and `method`.
pub struct Choose {
    pub csrf: String,
    pub interaction: String,
    pub relying_party: Option<RelyingParty>,
    /// `None` where nobody is logged in.
    pub holder: Option<Holder>,
    /// Only what leads to what is asked for; what was used last comes first, then the best.
    pub methods: Vec<&'static Method>,
}

fn faces() -> Vec<(&'static str, Choose)> {
    let sample = |holder, methods: Vec<&'static Method>| Choose {
        csrf: samples::CSRF.into(),
        interaction: samples::INTERACTION.into(),
        relying_party: Some(samples::portal()),
        holder,
        methods,
    };
    vec![
        ("choose", sample(Some(samples::holder()), METHODS.iter().collect())),
        ("choose-first", sample(None, METHODS.iter().take(1).collect())),
    ]
}

page!(Choose, "choose.html", faces());

#[cfg(test)]
mod tests {
    use flows::proof::ways::WAYS;

    use super::*;

    #[test]
    fn every_way_to_prove_has_a_page_and_every_page_a_way() {
        let kinds: Vec<_> = METHODS.iter().map(|method| method.kind).collect();
        assert_eq!(kinds, WAYS.iter().map(|way| way.kind).collect::<Vec<_>>());
        for method in METHODS {
            let found = crate::endpoints::ENDPOINTS.iter().filter(|it| it.path == method.path);
            assert_eq!(found.count(), 2, "{} is shown and sent", method.path);
            assert!(of_word(method.word).is_some_and(|found| found.kind == method.kind));
        }
    }
}
