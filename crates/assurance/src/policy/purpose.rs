//! What a use is for, by the names under which a policy knows it, and what it asks of each.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::requirement::{Demand, Requirement};

/// What somebody wants to do. Names, not rules: judged anew under another policy it may need something else.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Purpose {
    /// The requirement that the relying party is registered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// Code of a procedure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Transaction>,
    /// `max_age` of the request, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
}

/// A payment or another act with a value, as the relying party describes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    pub kind: String,
    /// In đồng.
    #[serde(default)]
    pub amount: u64,
    /// What the person moved today in transactions of this kind, this one included.
    #[serde(default)]
    pub day_total: u64,
    #[serde(default)]
    pub device: DeviceNovelty,
}

/// Whether the relying party's app has served this person on this device before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceNovelty {
    Known,
    /// Also when nobody said (L13).
    #[default]
    New,
}

/// One row of `[[transactions]]`: which of them need what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionRule {
    pub kind: String,
    pub applies: Applies,
    /// Name of the requirement.
    pub requirement: String,
    pub source: String,
}

/// When a rule applies: by any one of its grounds, or always where it names none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Applies {
    /// From this amount on, in đồng.
    pub from_amount: Option<u64>,
    /// Above this total of one day, in đồng.
    pub above_day_total: Option<u64>,
    pub on_new_device: bool,
}

impl Applies {
    fn to(self, transaction: &Transaction) -> bool {
        self == Self::default()
            || self.from_amount.is_some_and(|from| transaction.amount >= from)
            || self.above_day_total.is_some_and(|above| transaction.day_total > above)
            || (self.on_new_device && transaction.device == DeviceNovelty::New)
    }
}

/// One row of `[scopes]`: what a scope releases is worth this much.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScopeRule {
    /// Name of the requirement.
    pub requirement: String,
    pub source: String,
}

/// A name in a purpose that the policy in force does not know. Nobody has judged it, so nobody may do it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the policy knows no {what} {name:?}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
}

impl Policy {
    /// The strictest of everything that the purpose names. The base requirement comes on top in every
    /// decision. A scope without a rule asks for nothing.
    pub fn requirement_for(&self, purpose: &Purpose) -> Result<Requirement, UnknownName> {
        let mut whole = Requirement::default().within(purpose.max_age.map(Duration::from_secs));
        if let Some(name) = &purpose.requirement {
            whole = whole.stricter(self.named("requirement", name)?);
        }
        for scope in &purpose.scopes {
            if let Some(rule) = self.scopes.get(scope) {
                whole = whole.stricter(self.named("requirement", &rule.requirement)?);
            }
        }
        if let Some(code) = &purpose.procedure {
            let procedure = self.procedure(code).ok_or_else(|| unknown("procedure", code))?;
            whole = whole.stricter(&procedure.requirement());
        }
        if let Some(transaction) = &purpose.transaction {
            let kind = &transaction.kind;
            let mut rules = self.transactions.iter().filter(|rule| rule.kind == *kind).peekable();
            rules.peek().ok_or_else(|| unknown("transaction", kind))?;
            for rule in rules.filter(|rule| rule.applies.to(transaction)) {
                whole = whole.stricter(self.named("requirement", &rule.requirement)?);
            }
            // What somebody meant to do before shows nothing of whether they mean this (L12): a session
            // shared with others never covers it silently.
            if whole.demands.contains(&Demand::Intent) {
                whole.demands.insert(Demand::TransactionBound);
            }
        }
        Ok(whole)
    }

    fn named(&self, what: &'static str, name: &str) -> Result<&Requirement, UnknownName> {
        self.requirement(name).ok_or_else(|| unknown(what, name))
    }
}

fn unknown(what: &'static str, name: &str) -> UnknownName {
    UnknownName { what, name: name.to_owned() }
}
