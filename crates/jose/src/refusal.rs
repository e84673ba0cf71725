//! Why a signed token is not believed.

/// A refusal carries no part of the token: it may be logged. What the protocol says to the caller is
/// the flow's business and is mostly one and the same code for all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtRefusal {
    #[error("the token is longer than allowed")]
    TooLong,
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    #[error("the token demands an extension that is not understood")]
    CriticalExtension,
    #[error("the signature algorithm is not allowed here")]
    AlgorithmNotAllowed,
    #[error("the token is of another type")]
    WrongType,
    #[error("no key of that name may verify this token")]
    UnknownKey,
    #[error("more than one key could have signed this token")]
    AmbiguousKey,
    #[error("the signature does not verify")]
    BadSignature,
    #[error("the claim {0} is missing or not of its type")]
    Claim(&'static str),
    #[error("the issuer is not the expected one")]
    WrongIssuer,
    #[error("the subject is not the expected one")]
    WrongSubject,
    #[error("the audience is not the expected one")]
    WrongAudience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token lives longer than allowed")]
    LivesTooLong,
}
