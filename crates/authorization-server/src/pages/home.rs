//! `/home`: the citizen's own pages: overview, sessions, consents.

use super::moment::{Day, Moment};
use super::shared::{AccountLevel, Data, Notice, RelyingParty};
use super::{page, paths, samples};

/// The parts of the citizen's pages, as the navigation lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Overview,
    Sessions,
    Consents,
    History,
    Security,
}

impl Section {
    pub(super) const ALL: [Self; 5] =
        [Self::Overview, Self::Sessions, Self::Consents, Self::History, Self::Security];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Overview => paths::HOME,
            Self::Sessions => paths::HOME_SESSIONS,
            Self::Consents => paths::HOME_CONSENTS,
            Self::History => paths::HOME_HISTORY,
            Self::Security => paths::HOME_SECURITY,
        }
    }

    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::Overview => "section-overview",
            Self::Sessions => "section-sessions",
            Self::Consents => "section-consents",
            Self::History => "section-history",
            Self::Security => "section-security",
        }
    }
}

/// A page inside the citizen's navigation.
pub(super) trait HomePage {
    const SECTION: Section;

    /// The entry of the navigation to mark; a method because templates read methods better.
    fn section(&self) -> Section {
        Self::SECTION
    }
}

/// `/home`: who I am here.
pub struct Overview {
    pub name: String,
    pub masked_number: String,
    pub account_level: AccountLevel,
    pub card: CardValidity,
    pub last_login: Option<LastLogin>,
    pub notice: Option<Notice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardValidity {
    NoCard,
    /// Cards of the elderly carry no date of expiry.
    Unlimited,
    ValidUntil(Day),
    ExpiredOn(Day),
}

/// The login before this one, for the holder to recognise.
pub struct LastLogin {
    pub at: Moment,
    pub relying_party: Option<String>,
}

/// `/home/sessions`. Ending one posts `csrf` and `session` to `/home/sessions/end`; ending all
/// others posts `csrf` and `others=yes` there.
pub struct Sessions {
    pub csrf: String,
    /// The current one first.
    pub sessions: Vec<Session>,
    pub notice: Option<Notice>,
}

pub struct Session {
    /// Names the session towards its holder; not the cookie.
    pub handle: String,
    /// `Chrome, Android`.
    pub device: String,
    pub began: Moment,
    pub last_used: Moment,
    pub relying_parties: Vec<String>,
    pub place: Place,
}

/// Where a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    ThisBrowser,
    Elsewhere,
}

/// `/home/consents`. Withdrawing posts `csrf` and `consent` to `/home/consents/withdraw`.
pub struct Consents {
    pub csrf: String,
    pub consents: Vec<GivenConsent>,
    pub notice: Option<Notice>,
}

pub struct GivenConsent {
    pub handle: String,
    pub relying_party: RelyingParty,
    pub data: Vec<Data>,
    pub given: Moment,
}

impl HomePage for Overview {
    const SECTION: Section = Section::Overview;
}

impl HomePage for Sessions {
    const SECTION: Section = Section::Sessions;
}

impl HomePage for Consents {
    const SECTION: Section = Section::Consents;
}

impl Sessions {
    pub(super) fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| session.place == Place::Elsewhere)
    }
}

fn overview_faces() -> Vec<(&'static str, Overview)> {
    let sample = |account_level, card, last_login| Overview {
        name: "Nguyễn Thị Minh Khai".into(),
        masked_number: "001••••••123".into(),
        account_level,
        card,
        last_login,
        notice: None,
    };
    let last = LastLogin { at: Moment(1_795_285_800), relying_party: Some(samples::portal().name) };
    let own = LastLogin { at: Moment(1_795_285_800), relying_party: None };
    let valid = CardValidity::ValidUntil(Day { year: 2035, month: 5, day: 12 });
    let expired = CardValidity::ExpiredOn(Day { year: 2026, month: 1, day: 31 });
    vec![
        ("home", sample(AccountLevel::Two, valid, Some(last))),
        ("home-expired-card", sample(AccountLevel::One, expired, None)),
        ("home-no-card", sample(AccountLevel::One, CardValidity::NoCard, Some(own))),
        ("home-unlimited-card", sample(AccountLevel::Two, CardValidity::Unlimited, None)),
    ]
}

fn sessions_faces() -> Vec<(&'static str, Sessions)> {
    let session = |handle: &str, device: &str, place, relying_parties| Session {
        handle: handle.into(),
        device: device.into(),
        began: Moment(1_795_200_000),
        last_used: Moment(1_795_285_800),
        relying_parties,
        place,
    };
    let here = || {
        let parties = vec![samples::portal().name, samples::hospital().name];
        session("s1", "Chrome, Windows", Place::ThisBrowser, parties)
    };
    let there = session("s2", "Safari, iPhone", Place::Elsewhere, Vec::new());
    let sample = |sessions, notice| Sessions { csrf: samples::CSRF.into(), sessions, notice };
    vec![
        ("sessions", sample(vec![here(), there], None)),
        ("sessions-ended", sample(vec![here()], Some(Notice::SessionEnded))),
        ("sessions-all-ended", sample(vec![here()], Some(Notice::OtherSessionsEnded))),
    ]
}

fn consents_faces() -> Vec<(&'static str, Consents)> {
    let given = |handle: &str, relying_party, data| GivenConsent {
        handle: handle.into(),
        relying_party,
        data,
        given: Moment(1_790_000_000),
    };
    let basic = vec![Data::FullName, Data::PersonalNumber, Data::DateOfBirth];
    let consents = vec![
        given("c1", samples::portal(), basic),
        given("c2", samples::hospital(), vec![Data::FullName, Data::Phone, Data::Residence]),
    ];
    let sample = |consents, notice| Consents { csrf: samples::CSRF.into(), consents, notice };
    vec![
        ("consents", sample(consents, None)),
        ("consents-withdrawn", sample(Vec::new(), Some(Notice::ConsentWithdrawn))),
    ]
}

page!(Overview, "home/overview.html", overview_faces());
page!(Sessions, "home/sessions.html", sessions_faces());
page!(Consents, "home/consents.html", consents_faces());
