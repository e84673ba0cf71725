//! How a kept decision is written: fields in order, choices by number. Both are for ever; later fields go to
//! the end (see `identity_core::compact`).

use identity_core::compact::{Compact, Input, write_fields};

use super::KeptDecision;
use crate::acr::{Acr, AcrWish};
use crate::decide::{Decision, DenyCode};
use crate::evaluate::History;
use crate::gate::{GuardianApproval, Mandate};
use crate::levels::Fal;
use crate::policy::{DeviceNovelty, Purpose, Transaction};
use crate::record::KnownAuthenticator;
use crate::vector::Levels;

macro_rules! structure {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl Compact for $type {
            fn write(&self, bytes: &mut Vec<u8>) {
                write_fields(bytes, |bytes| {
                    $(self.$field.write(bytes);)+
                });
            }

            fn read(input: &mut Input<'_>) -> Option<Self> {
                let mut fields = input.fields()?;
                Some(Self { $($field: Compact::read(&mut fields)?,)+ })
            }
        }
    };
}

structure!(KeptDecision {
    at,
    policy,
    purpose,
    wish,
    fal,
    state,
    evidence,
    authenticators,
    approval,
    mandate,
    transaction,
    history,
    challenges,
    came_to,
});
structure!(Purpose { requirement, scopes, procedure, transaction, max_age });
structure!(Transaction { kind, amount, day_total, device });
structure!(KnownAuthenticator { id, kind, bound_at, status, expires_at, password_length });
structure!(GuardianApproval { guardian, at, scope, levels });
structure!(Mandate { organisation, representative, scope, from, until });
structure!(History { recovered_at, sim_swapped_at });

impl Compact for DeviceNovelty {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(match self {
            Self::Known => 1,
            Self::New => 2,
        });
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        match input.byte()? {
            1 => Some(Self::Known),
            2 => Some(Self::New),
            _ => None,
        }
    }
}

impl Compact for Fal {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(self.number());
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        Self::try_from(input.byte()?).ok()
    }
}

impl Compact for Levels {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.rungs().map(|(_, number)| number));
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        Some(Self {
            vn_authentication: input.byte()?.try_into().ok()?,
            vn_account: input.byte()?.try_into().ok()?,
            aal: input.byte()?.try_into().ok()?,
            ial: input.byte()?.try_into().ok()?,
            eidas: input.byte()?.try_into().ok()?,
            iso: input.byte()?.try_into().ok()?,
            fal: input.byte()?.try_into().ok()?,
        })
    }
}

impl Compact for Acr {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.as_str().to_owned().write(bytes);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        Self::parse(&String::read(input)?)
    }
}

impl Compact for AcrWish {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::None => bytes.push(1),
            Self::Voluntary(classes) => {
                bytes.push(2);
                classes.write(bytes);
            }
            Self::Essential(classes) => {
                bytes.push(3);
                classes.write(bytes);
            }
        }
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        match input.byte()? {
            1 => Some(Self::None),
            2 => Compact::read(input).map(Self::Voluntary),
            3 => Compact::read(input).map(Self::Essential),
            _ => None,
        }
    }
}

pub(super) fn conclusion(decision: &Decision) -> Vec<u8> {
    let mut bytes = Vec::new();
    match decision {
        Decision::Permit { evaluation } => {
            bytes.push(1);
            evaluation.vector.levels.write(&mut bytes);
            evaluation.acr.write(&mut bytes);
            let methods = evaluation.amr.iter().map(|method| method.as_str().to_owned());
            methods.collect::<Vec<_>>().write(&mut bytes);
            evaluation.auth_time.write(&mut bytes);
        }
        Decision::StepUp { options, .. } => {
            bytes.push(2);
            let kinds = |option: &crate::StepUpOption| -> Vec<_> {
                option.add.iter().map(|step| step.kind).collect()
            };
            options.iter().map(kinds).collect::<Vec<_>>().write(&mut bytes);
        }
        Decision::Deny { code, .. } => {
            bytes.push(3);
            bytes.push(match code {
                DenyCode::AccountUnusable => 1,
                DenyCode::GuardianApprovalNeeded => 2,
                DenyCode::NotMandated => 3,
                DenyCode::CoolingDown => 4,
                DenyCode::RequirementUnreachable => 5,
            });
        }
    }
    let reasons = decision.reasons().iter().map(ToString::to_string);
    reasons.collect::<Vec<_>>().write(&mut bytes);
    bytes
}
