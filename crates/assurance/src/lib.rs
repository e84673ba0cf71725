//! How sure we are who somebody is: evidence, subject state and policy in, a vector and a decision out.
//!
//! This crate must never know a clock, a file, a token, a database or a protocol message. The same
//! inputs give the same answer for ever (L14), so a decision can be replayed years later from the
//! ledger. Policy arrives as text; every figure that a law or a standard sets stands there with its
//! source, never in an `if`.
//!
//! ```text
//!  levels       seven ladders, seven types, never integers mixed
//!  vector       Levels (component-wise order, meet, join) + Facts: the `assurance` claim
//!  policy       dated TOML -> PolicySet -> the Policy in force at an instant
//!  gate         locked, deceased, not activated, needs a guardian -> nothing is asserted
//!  events       evidence -> what counts now    strength    what counts -> authentication levels
//!  identity     proofing, card, age -> identity levels
//!  evaluate()   gate + events + identity -> Evaluation { vector, acr, amr, auth_time, reasons }
//!  decide()     Evaluation against a Requirement -> permit | step up (options) | deny (reasons)
//!  record       a decision with what it rested on; replay() takes it again, bit for bit
//!  kept         the same in few bytes, whole and without personal data: what the ledger carries
//! ```
//!
//! [`evaluate()`] is also what decays a token: introspection calls it with the sealed evidence and its own
//! `now`. What a grant's ID token says about the *login* (`acr`, `amr`, `auth_time`) is this function at
//! the instant of authorization, so that refreshing never makes a login look newer (edge case 9).

pub mod acr;
pub mod amr;
pub mod decide;
pub mod evaluate;
mod events;
mod gate;
mod identity;
mod kept;
pub mod levels;
mod options;
pub mod policy;
pub mod reason;
pub mod record;
pub mod requirement;
mod strength;
pub mod vector;

#[cfg(test)]
mod tests;

pub use acr::{Acr, AcrWish, UnknownAcr};
pub use amr::Amr;
pub use decide::{Decision, DecisionRequest, DenyCode, decide};
pub use evaluate::{Context, Evaluation, History, evaluate};
pub use gate::{GuardianApproval, Mandate};
pub use kept::{KeptDecision, conclusion};
pub use levels::{Aal, EidasLoa, Fal, Ial, IsoLoa, VnAccountLevel, VnAuthenticationLevel};
pub use options::{Step, StepUpOption};
pub use policy::{
    DeviceNovelty, Policies, Policy, PolicyFault, PolicySet, Procedure, Purpose, Transaction,
    UnknownName,
};
pub use reason::{Audience, Language, ReasonCode, Redress};
pub use record::{DecisionRecord, Outcome, ReplayError, replay};
pub use requirement::{Demand, Requirement};
pub use vector::{AssuranceVector, Factor, Facts, Levels};
