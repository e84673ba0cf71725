//! One question put to the app by one browser, and how it may end. Pure: what happens to it is decided
//! here, where it lies and who may touch it elsewhere.

use std::time::Duration;

use assurance::VnAuthenticationLevel;
use identity_core::evidence::Presentation;
use identity_core::secret::SecretDigest;
use identity_core::{AuthenticatorId, ClientId, SubjectId, Timestamp, TransactionDetails};
use jose::digest::hmac_sha256;
use serde::{Deserialize, Serialize};

use super::AppRefusal;
use super::code::{STEP, TransactionId};
use super::request::{DeviceHandle, HolderCheck};
use crate::provider::Provider;

/// From the first picture to the approval (ATK-107).
pub const LIFE: Duration = Duration::from_mins(1);
/// A code nobody scanned is exchanged by now, so that whoever scans has this long to answer.
pub const FRESH: Duration = Duration::from_secs(30);
/// What was approved in time may be collected a little later.
pub const COLLECTION: Duration = Duration::from_secs(30);
/// The number is typed, and typed wrong so often at most (ATK-108).
pub const MOST_WRONG: u8 = 3;

/// Holds no personal data and no secret: it lies in the transient store in the clear.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Transaction {
    /// The attempt of the one browser that shows the code. Only it can collect (ATK-107).
    pub interaction: SecretDigest,
    pub question: Question,
    /// Whom the browser means, where it knows.
    pub person: Option<SubjectId>,
    pub began_at: Timestamp,
    pub state: State,
}

/// What the citizen is shown before they approve.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Nobody: the citizen's own pages.
    pub client: Option<ClientId>,
    /// Where the browser goes with the answer.
    pub origin: Option<String>,
    pub scopes: Vec<String>,
    pub level: Option<VnAuthenticationLevel>,
    /// What is agreed to besides, where it is for one transaction: what they see is what they approve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<TransactionDetails>,
    /// What the browser is recognised by: "Chrome, Windows".
    pub browser: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Waiting,
    Scanned {
        by: Answerer,
        wrong: u8,
        /// How the question reached the device (Decree 69/2024 art. 20).
        #[serde(default)]
        presentation: Presentation,
    },
    Approved {
        by: Answerer,
        holder: HolderCheck,
        at: Timestamp,
        #[serde(default)]
        presentation: Presentation,
    },
    Denied {
        by: Answerer,
    },
    /// The number was wrong too often.
    Failed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answerer {
    pub subject: SubjectId,
    pub authenticator: AuthenticatorId,
}

impl From<DeviceHandle> for Answerer {
    fn from(handle: DeviceHandle) -> Self {
        Self { subject: handle.subject, authenticator: handle.authenticator }
    }
}

impl Transaction {
    pub fn expires_at(&self) -> Timestamp {
        self.began_at.plus(LIFE)
    }

    /// Until when it is kept.
    pub fn kept_until(&self) -> Timestamp {
        self.expires_at().plus(COLLECTION)
    }

    /// When the picture of this instant was drawn.
    pub fn step_at(&self, now: Timestamp) -> Timestamp {
        let step = u64::try_from(STEP.as_millis()).unwrap_or(u64::MAX).max(1);
        let shown = u64::try_from(now.since(self.began_at).as_millis()).unwrap_or(u64::MAX);
        self.began_at.plus(Duration::from_millis(shown / step * step))
    }

    /// A device read the code. The first one has it; it may read again.
    pub fn scanned(
        &self,
        by: Answerer,
        presentation: Presentation,
        now: Timestamp,
    ) -> Result<Self, AppRefusal> {
        self.ensure_open(now)?;
        if self.person.is_some_and(|person| person != by.subject) {
            return Err(AppRefusal::OtherPerson);
        }
        match &self.state {
            State::Waiting => Ok(self.with(State::Scanned { by, wrong: 0, presentation })),
            State::Scanned { by: first, .. } if *first == by => Ok(self.clone()),
            State::Scanned { .. } => Err(AppRefusal::AlreadyScanned),
            State::Approved { .. } | State::Denied { .. } | State::Failed => Err(AppRefusal::Over),
        }
    }

    /// The holder typed a number and agreed. `Err`: they may not, and nothing changes.
    pub fn answered(
        &self,
        by: Answerer,
        holder: HolderCheck,
        number: Number,
        now: Timestamp,
    ) -> Result<Answered, AppRefusal> {
        let (wrong, presentation) = self.answerable(by, now)?;
        if number.typed == number.shown {
            let to = self.with(State::Approved { by, holder, at: now, presentation });
            return Ok(Answered { to, refused: None });
        }
        let wrong = wrong + 1;
        let (state, refusal) = if wrong >= MOST_WRONG {
            (State::Failed, AppRefusal::Over)
        } else {
            let tries_left = MOST_WRONG - wrong;
            (State::Scanned { by, wrong, presentation }, AppRefusal::WrongNumber { tries_left })
        };
        Ok(Answered { to: self.with(state), refused: Some(refusal) })
    }

    pub fn denied(&self, by: Answerer, now: Timestamp) -> Result<Self, AppRefusal> {
        self.answerable(by, now)?;
        Ok(self.with(State::Denied { by }))
    }

    fn ensure_open(&self, now: Timestamp) -> Result<(), AppRefusal> {
        if now < self.expires_at() { Ok(()) } else { Err(AppRefusal::Over) }
    }

    /// How many numbers were wrong so far, and how it came, if this device may still answer.
    fn answerable(&self, by: Answerer, now: Timestamp) -> Result<(u8, Presentation), AppRefusal> {
        self.ensure_open(now)?;
        match self.state {
            State::Scanned { by: first, wrong, presentation } if first == by => {
                Ok((wrong, presentation))
            }
            State::Scanned { .. } => Err(AppRefusal::AlreadyScanned),
            // It never read the code.
            State::Waiting => Err(AppRefusal::CodeExpired),
            State::Approved { .. } | State::Denied { .. } | State::Failed => Err(AppRefusal::Over),
        }
    }

    fn with(&self, state: State) -> Self {
        Self { state, ..self.clone() }
    }
}

/// What a transaction becomes by an answer, also by a wrong one.
#[derive(Clone, PartialEq, Debug)]
pub struct Answered {
    pub to: Transaction,
    pub refused: Option<AppRefusal>,
}

/// The number that was typed in the app, and the one on the browser's page.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    pub typed: u8,
    pub shown: u8,
}

/// The two digits on the browser's page, 10 to 99. Kept nowhere: every node can say what they are,
/// and nobody who reads the transient store can.
pub fn number_of(provider: &Provider, transaction: &TransactionId) -> u8 {
    let message = [b"number of an app transaction ".as_slice(), transaction.bytes()].concat();
    let mac = hmac_sha256(provider.settings.pairwise_key.expose(), &message);
    let value = mac.iter().take(8).fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    u8::try_from(10 + value % 90).unwrap_or(10)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn device(n: u128) -> Answerer {
        Answerer {
            subject: SubjectId::from_uuid(Uuid::from_u128(n)),
            authenticator: AuthenticatorId::from_uuid(Uuid::from_u128(n + 100)),
        }
    }

    fn waiting() -> Transaction {
        Transaction {
            interaction: SecretDigest([1; 32]),
            question: Question {
                client: None,
                origin: None,
                scopes: Vec::new(),
                level: None,
                details: None,
                browser: "Chrome, Windows".to_owned(),
            },
            person: None,
            began_at: NOW,
            state: State::Waiting,
        }
    }

    fn number(typed: u8) -> Number {
        Number { typed, shown: 42 }
    }

    fn in_seconds(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn the_first_device_has_it_and_the_right_number_approves() {
        let scanned = waiting().scanned(device(1), Presentation::Barcode, NOW).unwrap();
        assert_eq!(scanned.scanned(device(1), Presentation::Barcode, NOW).unwrap(), scanned);
        assert_eq!(
            scanned.scanned(device(2), Presentation::Barcode, NOW),
            Err(AppRefusal::AlreadyScanned)
        );
        let by = |n| scanned.answered(device(n), HolderCheck::Done, number(42), NOW);
        assert_eq!(by(2), Err(AppRefusal::AlreadyScanned));
        let Answered { to: approved, refused } = by(1).unwrap();
        assert!(matches!(approved.state, State::Approved { holder: HolderCheck::Done, .. }));
        assert_eq!(refused, None);
        assert_eq!(approved.denied(device(1), NOW), Err(AppRefusal::Over));
    }

    #[test]
    fn nothing_is_approved_that_was_not_scanned() {
        // ATK-094
        let skipped = waiting().answered(device(1), HolderCheck::Done, number(42), NOW);
        assert_eq!(skipped, Err(AppRefusal::CodeExpired));
    }

    #[test]
    fn the_third_wrong_number_ends_it_and_scanning_again_does_not_begin_anew() {
        // ATK-108
        let mut transaction = waiting().scanned(device(1), Presentation::Barcode, NOW).unwrap();
        for tries_left in [2, 1] {
            let wrong = transaction.answered(device(1), HolderCheck::Done, number(41), NOW);
            let Answered { to, refused } = wrong.unwrap();
            assert_eq!(refused, Some(AppRefusal::WrongNumber { tries_left }));
            transaction = to.scanned(device(1), Presentation::Barcode, NOW).unwrap();
        }
        let last = transaction.answered(device(1), HolderCheck::Done, number(41), NOW);
        let Answered { to: failed, refused } = last.unwrap();
        assert_eq!((&failed.state, refused), (&State::Failed, Some(AppRefusal::Over)));
        assert_eq!(failed.scanned(device(1), Presentation::Barcode, NOW), Err(AppRefusal::Over));
    }

    #[test]
    fn a_minute_after_it_began_nobody_can_answer() {
        // ATK-107; L13: closed-open
        let scanned = waiting().scanned(device(1), Presentation::Barcode, NOW).unwrap();
        let at = |now| scanned.answered(device(1), HolderCheck::Done, number(42), now);
        assert!(at(in_seconds(59)).is_ok());
        assert_eq!(at(in_seconds(60)), Err(AppRefusal::Over));
        assert_eq!(
            waiting().scanned(device(1), Presentation::Barcode, in_seconds(60)),
            Err(AppRefusal::Over)
        );
    }

    #[test]
    fn who_is_not_meant_cannot_take_it() {
        let named = Transaction { person: Some(device(1).subject), ..waiting() };
        assert_eq!(
            named.scanned(device(2), Presentation::Barcode, NOW),
            Err(AppRefusal::OtherPerson)
        );
        assert!(named.scanned(device(1), Presentation::Barcode, NOW).is_ok());
    }

    #[test]
    fn the_picture_changes_every_five_seconds() {
        let transaction = waiting();
        for (seconds, drawn) in [(0, 0), (4, 0), (5, 5), (59, 55)] {
            assert_eq!(transaction.step_at(in_seconds(seconds)), in_seconds(drawn));
        }
    }

    #[test]
    fn how_the_question_came_stays_with_the_approval() {
        // ADR 0019: only what was scanned is a barcode; reading it again changes nothing
        for presentation in [Presentation::Barcode, Presentation::Direct] {
            let scanned = waiting().scanned(device(1), presentation, NOW).unwrap();
            let again = scanned.scanned(device(1), Presentation::Barcode, NOW).unwrap();
            let answered = again.answered(device(1), HolderCheck::Done, number(42), NOW).unwrap();
            let State::Approved { presentation: kept, .. } = answered.to.state else { panic!() };
            assert_eq!(kept, presentation);
        }
    }
}
