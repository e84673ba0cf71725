//! How each fact is written: fields in order, choices by number. Both are for ever.

use super::{Compact, Input, write_fields};
use crate::access_token::{AccessToken, RefreshAbout, RefreshToken, TokenPerson};
use crate::account::{AccountLevel, AccountState, Lock, LockReason, LockedBy};
use crate::authenticator::{AuthenticatorKind, AuthenticatorStatus, FactorCategory};
use crate::evidence::{
    AttestationVerdict, AuthenticationEvidence, BiometricMatch, Check, ChipRead, Comparison,
    DeviceAttestation, DeviceProof, Intent, KeyProtection, MatchPlace, PhishingResistance,
    Presentation, Proofing, ProofingPathway, ProofingPiece, ProofingPieceKind,
};
use crate::grant::{AuthorizationCode, Generation, GrantTerms, VerifiedWishes};
use crate::id::{AuthenticatorId, DeviceId, EvidenceId, GrantId, SessionId, SubjectId, TokenId};
use crate::subject::{Card, CardKind, GuardianLink, GuardianScope, LegalCapacity, SubjectState};
use crate::transaction::{GrantedTransaction, TransactionDetails};

macro_rules! structure {
    (
        $type:ident {
            $($field:ident),+ $(; later $($later:ident),+)? $(; at_home $($at_home:ident),+)? $(,)?
        }
    ) => {
        impl Compact for $type {
            fn write(&self, bytes: &mut Vec<u8>) {
                write_fields(bytes, |bytes| {
                    $(self.$field.write(bytes);)+
                    $($(self.$later.write(bytes);)+)?
                });
            }

            fn read(input: &mut Input<'_>) -> Option<Self> {
                let mut fields = input.fields()?;
                Some(Self {
                    $($field: Compact::read(&mut fields)?,)+
                    $($($later: if fields.0.is_empty() {
                        Default::default()
                    } else {
                        Compact::read(&mut fields)?
                    },)+)?
                    // Does not travel.
                    $($($at_home: Default::default(),)+)?
                })
            }
        }
    };
}
#[cfg(test)]
pub(super) use structure;

macro_rules! choice {
    ($type:ident { $($number:literal $variant:ident),+ $(,)? }) => {
        impl Compact for $type {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.push(match self { $(Self::$variant => $number,)+ });
            }

            fn read(input: &mut Input<'_>) -> Option<Self> {
                match input.byte()? {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

macro_rules! identifiers {
    ($($type:ident),+) => {$(
        impl Compact for $type {
            fn write(&self, bytes: &mut Vec<u8>) {
                self.uuid().write(bytes);
            }

            fn read(input: &mut Input<'_>) -> Option<Self> {
                Compact::read(input).map(Self::from_uuid)
            }
        }
    )+};
}
identifiers!(AuthenticatorId, DeviceId, EvidenceId, GrantId, SessionId, SubjectId, TokenId);

structure!(AccessToken { token, client, audience, scopes, issued_at, expires_at, person });
structure!(TokenPerson {
    grant,
    session,
    subject_identifier,
    state,
    evidence,
    userinfo_claims;
    later verified, transaction
});
structure!(VerifiedWishes { userinfo, id_token });
structure!(TransactionDetails { kind, amount, day_total, known_device, reference, procedure });
structure!(GrantedTransaction { id, details });
structure!(RefreshToken { grant, client, generation, issued_at; later about });
structure!(RefreshAbout { subject, session });
structure!(AuthorizationCode {
    terms,
    redirect_uri,
    redirect_uri_requested,
    code_challenge,
    nonce,
    demanded_acr,
    expires_at;
    later decision
});
structure!(GrantTerms {
    grant,
    client,
    subject,
    session,
    scopes,
    userinfo_claims,
    id_token_claims,
    evidence,
    asked_acr,
    authorized_at;
    later verified, transaction
});
structure!(SubjectState {
    subject,
    account,
    account_level,
    birth_date,
    card,
    capacity,
    guardians,
    proofings,
});
structure!(Card { kind, valid_until });
structure!(GuardianLink { guardian, scope, from, until, document });
structure!(Lock { reason, by, since });
structure!(AuthenticationEvidence {
    id,
    subject,
    authenticator,
    kind,
    at,
    verified_by_device,
    intent,
    phishing,
    key,
    password_length,
    device,
    transaction,
    biometric;
    later presentation, device_proof, chip;
    at_home binding
});
structure!(DeviceProof { bound_at, attestation });
structure!(DeviceAttestation { verdict, at, expires_at });
structure!(ChipRead { document, signed_by_issuer, not_a_copy, valid_until });
structure!(Comparison { score, threshold, place, modality, reference_captured_at });
structure!(BiometricMatch {
    matcher,
    matcher_version,
    false_match_per_billion,
    presentation_attack,
    injection,
    reference;
    later comparison, stated_at
});
structure!(Proofing { id, at, pathway, pieces, performed_by });
structure!(ProofingPiece { kind, valid_until });

choice!(AccountLevel { 1 One, 2 Two });
choice!(LockReason {
    1 HolderRequest,
    2 BreachOfTerms,
    3 CardRevokedOrHeld,
    4 AuthorityRequest,
    5 TravelDocumentExpired,
    6 ResidenceExpired,
    7 SuspectedMisuse,
});
choice!(AuthenticatorKind {
    1 Password,
    2 Totp,
    3 RecoveryCode,
    4 SmsCode,
    5 EmailCode,
    6 Passkey,
    7 App,
    8 IdentityCardChip,
    9 Face,
    10 Fingerprint,
    11 Iris,
    12 Voice,
    13 TemporaryCode,
});
choice!(FactorCategory { 1 Knowledge, 2 Possession, 3 Inherence });
choice!(Intent { 1 Shown, 2 NotShown });
choice!(PhishingResistance { 1 None, 2 Resistant });
choice!(KeyProtection { 1 NoKey, 2 Software, 3 Synced, 4 Hardware });
choice!(Check { 1 Passed, 2 NotDone });
choice!(Presentation { 1 Direct, 2 Barcode });
choice!(AttestationVerdict { 1 Genuine, 2 Undecided, 3 Compromised });
choice!(MatchPlace { 1 Device, 2 Central });
choice!(ProofingPathway { 1 RemoteFaceCapture, 2 InPersonBiometric, 3 ThroughRepresentative });
choice!(ProofingPieceKind { 1 IdentityCard, 2 ResidenceCard, 3 Passport, 4 BirthCertificate });
choice!(CardKind { 1 IdentityCard, 2 ResidenceCard });
choice!(LegalCapacity { 1 Full, 2 Represented });

impl Compact for Generation {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        u32::read(input).map(Self)
    }
}

impl Compact for AuthenticatorStatus {
    fn write(&self, bytes: &mut Vec<u8>) {
        let (number, since) = match self {
            Self::Active => (1, None),
            Self::Pending => (2, None),
            Self::Suspended { since } => (3, Some(since)),
            Self::Disabled { since } => (4, Some(since)),
            Self::Removed { since } => (5, Some(since)),
        };
        bytes.push(number);
        if let Some(since) = since {
            since.write(bytes);
        }
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        Some(match input.byte()? {
            1 => Self::Active,
            2 => Self::Pending,
            3 => Self::Suspended { since: Compact::read(input)? },
            4 => Self::Disabled { since: Compact::read(input)? },
            5 => Self::Removed { since: Compact::read(input)? },
            _ => return None,
        })
    }
}

impl Compact for AccountState {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Registered { since } => {
                bytes.push(1);
                since.write(bytes);
            }
            Self::Activated { since } => {
                bytes.push(2);
                since.write(bytes);
            }
            Self::Locked { lock, activated_at } => {
                bytes.push(3);
                lock.write(bytes);
                activated_at.write(bytes);
            }
            Self::Deceased { recorded_at, source } => {
                bytes.push(4);
                recorded_at.write(bytes);
                source.write(bytes);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        Some(match input.byte()? {
            1 => Self::Registered { since: Compact::read(input)? },
            2 => Self::Activated { since: Compact::read(input)? },
            3 => Self::Locked { lock: Compact::read(input)?, activated_at: Compact::read(input)? },
            4 => {
                Self::Deceased { recorded_at: Compact::read(input)?, source: Compact::read(input)? }
            }
            _ => return None,
        })
    }
}

impl Compact for LockedBy {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Holder => bytes.push(1),
            Self::Authority(name) => {
                bytes.push(2);
                name.write(bytes);
            }
            Self::System => bytes.push(3),
            Self::Operator => bytes.push(4),
        }
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        Some(match input.byte()? {
            1 => Self::Holder,
            2 => Self::Authority(Compact::read(input)?),
            3 => Self::System,
            4 => Self::Operator,
            _ => return None,
        })
    }
}

impl Compact for GuardianScope {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Everything => bytes.push(1),
            Self::Procedures(codes) => {
                bytes.push(2);
                codes.write(bytes);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        Some(match input.byte()? {
            1 => Self::Everything,
            2 => Self::Procedures(Compact::read(input)?),
            _ => return None,
        })
    }
}
