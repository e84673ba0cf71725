//! `/home/history`: who asked, when, why, and how sure we were.

use super::home::{HomePage, Section};
use super::moment::Moment;
use super::shared::AuthenticationLevel;
use super::{page, samples};

/// The use history a holder may see (kept five years, Decree 69/2024 art. 28).
pub struct History {
    /// Newest first.
    pub uses: Vec<Use>,
    /// Path and query of the next page of older uses.
    pub older: Option<String>,
}

pub struct Use {
    pub at: Moment,
    pub relying_party: String,
    pub purpose: Option<String>,
    pub level: AuthenticationLevel,
}

impl HomePage for History {
    const SECTION: Section = Section::History;
}

fn faces() -> Vec<(&'static str, History)> {
    let portal = samples::portal();
    let hospital = samples::hospital();
    let entry = |at, relying_party: &str, purpose: Option<&str>, level| Use {
        at: Moment(at),
        relying_party: relying_party.into(),
        purpose: purpose.map(Into::into),
        level,
    };
    let uses = vec![
        entry(1_795_285_800, &portal.name, portal.purpose.as_deref(), AuthenticationLevel::Two),
        entry(1_795_000_000, &hospital.name, hospital.purpose.as_deref(), AuthenticationLevel::One),
        entry(1_794_000_000, &portal.name, Some("Đăng ký thường trú"), AuthenticationLevel::Three),
        entry(1_790_000_000, "Ngân hàng mẫu", None, AuthenticationLevel::Four),
    ];
    vec![
        ("history", History { uses, older: Some("/home/history?before=120".into()) }),
        ("history-empty", History { uses: Vec::new(), older: None }),
    ]
}

page!(History, "home/history.html", faces());
