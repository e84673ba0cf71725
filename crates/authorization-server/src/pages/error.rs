//! `/error`: what happened, what to do, and the number to quote.

use super::{Frame, page, samples};

/// The page for everything that cannot go on. It shows no text of a request (ATK-122) and no
/// internal cause; the request id leads an operator to the log line.
pub struct ErrorPage {
    pub kind: ErrorKind,
    pub request_id: String,
}

/// What a citizen needs to tell apart, which is less than what the log tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request cannot be understood: missing, repeated or malformed parameters.
    BadRequest,
    UnknownRelyingParty,
    /// Registered, but switched off.
    RelyingPartyDisabled,
    /// The return address is not registered, so the browser is not sent there (RFC 6749 §4.1.2.1).
    UnregisteredRedirect,
    /// The login took too long, was finished in another tab, or began in another browser (ATK-090).
    InteractionExpired,
    /// The form is too old or did not come from this site (ATK-091).
    FormRefused,
    NotAllowed,
    NotFound,
    MethodNotAllowed,
    TooLarge,
    TooBusy {
        retry_after_seconds: u32,
    },
    Unavailable {
        retry_after_seconds: u32,
    },
    Internal,
}

impl ErrorKind {
    /// The status to answer with.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest
            | Self::UnknownRelyingParty
            | Self::RelyingPartyDisabled
            | Self::UnregisteredRedirect
            | Self::InteractionExpired => 400,
            Self::FormRefused | Self::NotAllowed => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::TooBusy { .. } => 429,
            Self::Unavailable { .. } => 503,
            Self::Internal => 500,
        }
    }

    /// The value of `Retry-After`, where there is one.
    pub const fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Self::TooBusy { retry_after_seconds } | Self::Unavailable { retry_after_seconds } => {
                Some(retry_after_seconds)
            }
            _ => None,
        }
    }

    /// Title, explanation, advice.
    const fn text_ids(self) -> [&'static str; 3] {
        match self {
            Self::BadRequest => {
                ["error-bad-request", "error-bad-request-why", "error-return-to-service"]
            }
            Self::UnknownRelyingParty => {
                ["error-unknown-party", "error-unknown-party-why", "error-unknown-party-advice"]
            }
            Self::RelyingPartyDisabled => {
                ["error-party-disabled", "error-party-disabled-why", "error-return-later"]
            }
            Self::UnregisteredRedirect => {
                ["error-redirect", "error-redirect-why", "error-unknown-party-advice"]
            }
            Self::InteractionExpired => {
                ["error-expired", "error-expired-why", "error-return-to-service"]
            }
            Self::FormRefused => ["error-form", "error-form-why", "error-form-advice"],
            Self::NotAllowed => {
                ["error-not-allowed", "error-not-allowed-why", "error-return-to-service"]
            }
            Self::NotFound => ["error-not-found", "error-not-found-why", "error-not-found-advice"],
            Self::MethodNotAllowed => {
                ["error-method", "error-method-why", "error-return-to-service"]
            }
            Self::TooLarge => ["error-too-large", "error-too-large-why", "error-return-to-service"],
            Self::TooBusy { .. } => ["error-busy", "error-busy-why", "error-busy-advice"],
            Self::Unavailable { .. } => {
                ["error-unavailable", "error-unavailable-why", "error-unavailable-advice"]
            }
            Self::Internal => ["error-internal", "error-internal-why", "error-internal-advice"],
        }
    }
}

impl ErrorPage {
    pub(super) fn title(&self, frame: &Frame<'_>) -> String {
        let [title, _, _] = self.kind.text_ids();
        frame.t(title)
    }

    pub(super) fn explanation(&self, frame: &Frame<'_>) -> String {
        let [_, explanation, _] = self.kind.text_ids();
        frame.t(explanation)
    }

    pub(super) fn advice(&self, frame: &Frame<'_>) -> String {
        let [_, _, advice] = self.kind.text_ids();
        match self.kind.retry_after_seconds() {
            Some(seconds) => frame.t_with(advice, &[("wait", &frame.wait(seconds))]),
            None => frame.t(advice),
        }
    }
}

fn faces() -> Vec<(&'static str, ErrorPage)> {
    [
        ("error-bad-request", ErrorKind::BadRequest),
        ("error-unknown-party", ErrorKind::UnknownRelyingParty),
        ("error-party-disabled", ErrorKind::RelyingPartyDisabled),
        ("error-redirect", ErrorKind::UnregisteredRedirect),
        ("error-expired", ErrorKind::InteractionExpired),
        ("error-form", ErrorKind::FormRefused),
        ("error-not-allowed", ErrorKind::NotAllowed),
        ("error-not-found", ErrorKind::NotFound),
        ("error-method", ErrorKind::MethodNotAllowed),
        ("error-too-large", ErrorKind::TooLarge),
        ("error-too-busy", ErrorKind::TooBusy { retry_after_seconds: 20 }),
        ("error-unavailable", ErrorKind::Unavailable { retry_after_seconds: 300 }),
        ("error-internal", ErrorKind::Internal),
    ]
    .map(|(name, kind)| (name, ErrorPage { kind, request_id: samples::REQUEST_ID.into() }))
    .into()
}

page!(ErrorPage, "error.html", faces());
