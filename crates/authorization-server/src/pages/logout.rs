//! `/logout` and `/logged-out`.

use super::{page, samples};

/// Asks before it ends the session. Posts `csrf`, `request` (when there is one) and `decision`
/// (`yes` or `no`).
pub struct Logout {
    pub csrf: String,
    /// The sealed end-session request to carry on with, if a relying party sent the browser here.
    pub request: Option<String>,
    /// The relying party that sent the browser here.
    pub asked_by: Option<String>,
    /// Where the citizen is logged in by this session.
    pub relying_parties: Vec<String>,
}

/// The session is over.
pub struct LoggedOut {
    /// Who was told, and whether they heard.
    pub told: Vec<Told>,
    /// The way back. Only a registered address (OpenID Connect RP-Initiated Logout §3).
    pub way_back: Option<WayBack>,
}

/// One relying party that was told by back-channel logout.
pub struct Told {
    pub relying_party: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    LoggedOut,
    /// It did not answer; its own session may live on.
    NotReached,
}

pub struct WayBack {
    pub relying_party: String,
    pub url: String,
}

fn logout_faces() -> Vec<(&'static str, Logout)> {
    let asked = Logout {
        csrf: samples::CSRF.into(),
        request: Some("sealed-logout-request".into()),
        asked_by: Some(samples::portal().name),
        relying_parties: vec![samples::portal().name, samples::hospital().name],
    };
    let own = Logout {
        csrf: samples::CSRF.into(),
        request: None,
        asked_by: None,
        relying_parties: Vec::new(),
    };
    vec![("logout", asked), ("logout-own", own)]
}

fn logged_out_faces() -> Vec<(&'static str, LoggedOut)> {
    let told = vec![
        Told { relying_party: samples::portal().name, outcome: Outcome::LoggedOut },
        Told { relying_party: samples::hospital().name, outcome: Outcome::NotReached },
    ];
    let way_back = Some(WayBack {
        relying_party: samples::portal().name,
        url: "http://localhost:8081/".into(),
    });
    vec![
        ("logged-out", LoggedOut { told, way_back }),
        ("logged-out-plain", LoggedOut { told: Vec::new(), way_back: None }),
    ]
}

page!(Logout, "logout.html", logout_faces());
page!(LoggedOut, "logged_out.html", logged_out_faces());
