//! What a relying party asks a person to agree to besides logging in: one transaction with a value.

use serde::{Deserialize, Serialize};

/// A transaction as the relying party describes it (RFC 9396; State Bank Circular 50/2024).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TransactionDetails {
    /// Under the name by which the policy knows it.
    pub kind: String,
    /// In đồng.
    pub amount: u64,
    /// What the person moved today in transactions of this kind, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_total: Option<u64>,
    /// Whether the relying party's own app has served this person on this device before. Nobody said:
    /// it has not (L13).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub known_device: bool,
    /// What the relying party finds it by again, and what the person is shown.
    pub reference: String,
    /// Code of the administrative procedure it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<String>,
}

/// A transaction that was granted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GrantedTransaction {
    /// What the proofs that were given for it alone are bound to (L12). It says nothing to others.
    pub id: String,
    pub details: TransactionDetails,
}

/// An amount as people read it: `20.000.000` with the separator of Vietnamese.
pub fn in_groups(amount: u64, separator: char) -> String {
    let digits = amount.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_groups_of_three() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1.000"), (20_000_000, "20.000.000")];
        for (amount, read) in cases {
            assert_eq!(in_groups(amount, '.'), read);
        }
    }
}
