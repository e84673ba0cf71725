//! `/dev/outbox`: messages that were kept instead of sent.

use super::moment::Moment;
use super::{page, samples};

pub struct Outbox {
    /// Newest first. May hold codes: it has no `Debug`.
    pub messages: Vec<Kept>,
}

pub struct Kept {
    pub at: Moment,
    pub address: String,
    pub text: String,
}

fn faces() -> Vec<(&'static str, Outbox)> {
    let kept = Kept {
        at: Moment(1_795_300_000),
        address: "+84912345678".into(),
        text: samples::portal().name,
    };
    vec![
        ("outbox-empty", Outbox { messages: Vec::new() }),
        ("outbox", Outbox { messages: vec![kept] }),
    ]
}

page!(Outbox, "outbox.html", faces());
