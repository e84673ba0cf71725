//! `/dev/outbox`: what would have been sent. Only where the configuration keeps messages instead of
//! sending them, which it does in development alone.

use axum::response::Response;
use flows::PageRefusal;

use super::words::moment;
use crate::headers::ContentPolicy;
use crate::pages::outbox::{Kept, Outbox};
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let outbox = visit.state.provider.messaging.outbox().ok_or(PageRefusal::NotFound)?;
    let kept = outbox.messages().into_iter().map(|(at, message)| Kept {
        at: moment(at),
        address: message.address,
        text: message.text,
    });
    visit.show(&Outbox { messages: kept.collect() }, &ContentPolicy::default())
}
