//! What the holder is told by another channel when the way into their account changed (NIST SP
//! 800-63B-4 §4.6): it goes to every address that is known to be theirs, so that whoever changed it
//! in their name does not stay alone with it.

use std::sync::Arc;

use identity_core::Timestamp;
use identity_core::subject::Profile;
use storage::Enrolment;
use tokio::sync::OwnedSemaphorePermit;

use crate::messages::{Channel, Matter, Message};
use crate::proof::message_codes::is_theirs;
use crate::provider::Provider;
use crate::refusal::Fault;

/// Written before the change, to the addresses of that moment; sent after it, if it happened.
#[must_use = "a notice that is not sent tells nobody"]
pub(crate) struct Notice {
    messages: Vec<Message>,
    /// Where there is none, there is nobody to tell.
    room: Option<OwnedSemaphorePermit>,
}

impl Notice {
    /// A change that nobody could be told of has to wait until there is room for its notice.
    pub(crate) fn of(
        provider: &Provider,
        matter: Matter<'_>,
        profile: &Profile,
        enrolments: &[Enrolment],
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let messages: Vec<Message> = if provider.messaging.is_possible() {
            let known = |channel: &Channel| is_theirs(profile, enrolments, *channel, now);
            let written = |channel: Channel| {
                let address = channel.address_of(profile)?;
                Some(Message::about(matter, channel, address))
            };
            Channel::ALL.into_iter().filter(known).filter_map(written).collect()
        } else {
            Vec::new()
        };
        let room = if messages.is_empty() { None } else { Some(provider.messaging.room()?) };
        Ok(Self { messages, room })
    }

    /// Nobody waits for it.
    pub(crate) fn send(self, provider: &Arc<Provider>, now: Timestamp) {
        let Self { messages, room: Some(room) } = self else { return };
        let provider = Arc::clone(provider);
        tokio::spawn(async move {
            for message in messages {
                // What went wrong stands in the log; the history has the change in any case.
                let _ = provider.messaging.send(message, now).await;
            }
            drop(room);
        });
    }
}
