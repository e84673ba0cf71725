//! The browser's half: it shows a code, looks whether somebody answered, and collects (`proof::app`).

use std::time::Duration;

use identity_core::evidence::Presentation;
use identity_core::{SubjectId, Timestamp};
use jose::digest::base64url;
use storage::Slot;

use super::code::{QrCode, TransactionId};
use super::transaction::{FRESH, Question, State, Transaction, number_of};
use crate::authorize::{LoginFor, login_for};
use crate::interaction::Interaction;
use crate::judgement::level_asked;
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::LiveSession;

/// Transactions in the transient store.
const PURPOSE: &str = "app transaction";
/// The newest transaction that waits for a person without a scan.
const WAITING_FOR: &str = "app waiting";
/// Telephones that ask again and again get an approval from whoever is tired of them (ATK-108).
const MOST_WAITING_PER_HOUR: u64 = 3;

/// A page asks once in thirty seconds; whoever goes back and forth, a little more often (ATK-142).
const MOST_BEGUN_PER_MINUTE: u64 = 20;

/// What the browser may show now.
pub enum View {
    /// Nobody scanned it yet.
    Code(Picture),
    /// Somebody did: they type this number.
    Number(u8),
    Approved,
    Denied,
    /// Wrong numbers, or too late.
    Over,
}

pub struct Picture {
    pub transaction: TransactionId,
    /// Sealed: what the picture holds.
    pub code: String,
    /// The same for the link beside it, which nobody scans.
    pub in_link: String,
    /// Another one means another picture.
    pub drawn_at: Timestamp,
}

/// Where the browser is, in words that its holder will recognise.
pub struct Place<'a> {
    pub browser: &'a str,
    /// Of the redirect URI.
    pub origin: Option<String>,
}

/// Begins a question to the app. Who is logged in here already is the only one who may answer, and
/// finds it waiting in their app without a scan, three times an hour at most.
pub async fn begin(
    provider: &Provider,
    interaction: &Interaction,
    live: Option<&LiveSession>,
    place: Place<'_>,
    now: Timestamp,
) -> Result<View, Fault> {
    let (window, browser) = (Duration::from_mins(1), base64url(&interaction.browser.0));
    let begun = provider.transient.count(PURPOSE, &browser, window, now).await?;
    if begun > MOST_BEGUN_PER_MINUTE {
        return Ok(View::Over);
    }
    let person = match login_for(provider, interaction, live) {
        LoginFor::Holder => live.map(|live| live.subject.id),
        LoginFor::Anybody => None,
    };
    let checked = interaction.request();
    let transaction = Transaction {
        interaction: interaction.fingerprint()?,
        question: Question {
            client: checked.map(|checked| checked.client.clone()),
            origin: place.origin,
            scopes: checked
                .map(|checked| checked.request.scope.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            level: level_asked(provider, interaction, now)?,
            details: checked.and_then(|checked| checked.request.transaction.clone()),
            browser: place.browser.to_owned(),
        },
        person,
        began_at: now,
        state: State::Waiting,
    };
    let id = TransactionId::generate(provider.entropy.as_ref());
    save(provider, id, &transaction, now).await?;
    if let Some(person) = person {
        leave_waiting(provider, person, id, &transaction, now).await?;
    }
    picture(provider, id, &transaction, now)
}

/// How the question stands. What is not of this browser's attempt is as if it did not exist.
pub async fn look(
    provider: &Provider,
    interaction: &Interaction,
    live: Option<&LiveSession>,
    id: TransactionId,
    place: Place<'_>,
    now: Timestamp,
) -> Result<View, Fault> {
    let Some(known) = load(provider, id, now).await? else { return Ok(View::Over) };
    if known.transaction.interaction != interaction.fingerprint()? {
        return Ok(View::Over);
    }
    Ok(match known.transaction.state {
        State::Approved { .. } => View::Approved,
        State::Denied { .. } => View::Denied,
        State::Waiting if now >= known.transaction.began_at.plus(FRESH) => {
            provider.transient.remove(slot(&id.to_string())).await?;
            return begin(provider, interaction, live, place, now).await;
        }
        State::Failed => View::Over,
        State::Waiting | State::Scanned { .. } if now >= known.transaction.expires_at() => {
            View::Over
        }
        State::Waiting => return picture(provider, id, &known.transaction, now),
        State::Scanned { .. } => View::Number(number_of(provider, &id)),
    })
}

fn picture(
    provider: &Provider,
    id: TransactionId,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<View, Fault> {
    let drawn_at = transaction.step_at(now);
    let sealed = |presentation| {
        QrCode { transaction: id, shown_at: drawn_at, presentation }.seal(provider, now)
    };
    let (code, in_link) = (sealed(Presentation::Barcode)?, sealed(Presentation::Direct)?);
    Ok(View::Code(Picture { transaction: id, code, in_link, drawn_at }))
}

async fn leave_waiting(
    provider: &Provider,
    person: SubjectId,
    id: TransactionId,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<(), Fault> {
    let window = Duration::from_hours(1);
    let person = person.to_string();
    let count = provider.transient.count(WAITING_FOR, &person, window, now).await?;
    if count > MOST_WAITING_PER_HOUR {
        // Silently: the code can still be scanned.
        tracing::warn!(count, "too many questions to one app");
        return Ok(());
    }
    let slot = Slot { purpose: WAITING_FOR, id: &person };
    Ok(provider.transient.put(slot, id.bytes(), transaction.expires_at(), now).await?)
}

/// The transaction that waits for this person.
pub(super) async fn waiting_for(
    provider: &Provider,
    person: SubjectId,
    now: Timestamp,
) -> Result<Option<TransactionId>, Fault> {
    let slot = Slot { purpose: WAITING_FOR, id: &person.to_string() };
    let found = provider.transient.get(slot, now).await?;
    Ok(found.and_then(|bytes| TransactionId::of_bytes(&bytes)))
}

/// A transaction as it was read, so that only what was read is replaced.
pub(crate) struct Known {
    pub id: TransactionId,
    pub transaction: Transaction,
    read: Vec<u8>,
}

pub(crate) async fn load(
    provider: &Provider,
    id: TransactionId,
    now: Timestamp,
) -> Result<Option<Known>, Fault> {
    let Some(read) = provider.transient.get(slot(&id.to_string()), now).await? else {
        return Ok(None);
    };
    // What a later release wrote is as good as lost: it costs a scan.
    let transaction = serde_json::from_slice(&read).ok();
    Ok(transaction.map(|transaction| Known { id, transaction, read }))
}

async fn save(
    provider: &Provider,
    id: TransactionId,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<(), Fault> {
    let value = serde_json::to_vec(transaction)?;
    let until = transaction.kept_until();
    Ok(provider.transient.put(slot(&id.to_string()), &value, until, now).await?)
}

impl Known {
    /// False: somebody else was first.
    pub(super) async fn replace(
        &self,
        provider: &Provider,
        to: &Transaction,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let (id, value) = (self.id.to_string(), serde_json::to_vec(to)?);
        let until = to.kept_until();
        Ok(provider.transient.replace_if(slot(&id), &self.read, &value, until, now).await?)
    }
}

fn slot(id: &str) -> Slot<'_> {
    Slot { purpose: PURPOSE, id }
}
