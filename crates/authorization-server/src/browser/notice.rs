//! Good news across a redirect, in a cookie that no other site can write.

use crate::pages::shared::Notice;

const WORDS: &[(Notice, &str)] = &[
    (Notice::SessionEnded, "session-ended"),
    (Notice::OtherSessionsEnded, "other-sessions-ended"),
    (Notice::ConsentWithdrawn, "consent-withdrawn"),
    (Notice::PasswordChanged, "password-changed"),
    (Notice::TotpEnrolled, "totp-enrolled"),
    (Notice::AppRemoved, "app-removed"),
    (Notice::PasskeyAdded, "passkey-added"),
    (Notice::PasskeyRenamed, "passkey-renamed"),
    (Notice::PasskeyRemoved, "passkey-removed"),
    (Notice::AuthenticatorRenamed, "authenticator-renamed"),
    (Notice::AuthenticatorLost, "authenticator-lost"),
    (Notice::AuthenticatorRemoved, "authenticator-removed"),
    (Notice::AccountUnlocked, "account-unlocked"),
    (Notice::MessageCodesEnrolled, "message-codes-enrolled"),
    (Notice::MessageCodesStopped, "message-codes-stopped"),
];

pub fn parse(word: &str) -> Option<Notice> {
    WORDS.iter().find(|(_, known)| *known == word).map(|(notice, _)| *notice)
}

pub fn word(notice: Notice) -> &'static str {
    WORDS.iter().find(|(known, _)| *known == notice).map_or("", |(_, word)| word)
}
